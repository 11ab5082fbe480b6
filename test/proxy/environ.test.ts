import { describe, expect, it } from 'vitest';
import {
  createMountEnvirons,
  type RequestFacts,
  renderMountEnviron,
  renderRequestEnviron,
} from '../../src/proxy/environ.ts';
import type { WsgiRoute } from '../../src/routing/route.ts';
import { REQUEST_FACTS, wsgiRoute } from './stage.ts';

const connection = { tls: false, localAddress: '192.0.2.1', localPort: 8080, listenerHost: '' };
const mount = (...args: Parameters<typeof renderMountEnviron>): Record<string, string> =>
  JSON.parse(renderMountEnviron(...args)) as Record<string, string>;
const request = (route: WsgiRoute, facts: RequestFacts): Record<string, string> =>
  JSON.parse(
    renderRequestEnviron({ mount: { text: '', serverName: route.serverName }, route, facts }),
  ) as Record<string, string>;

describe('renderMountEnviron()', () => {
  it('names the server and the script', () => {
    expect(mount(wsgiRoute(), connection)).toMatchObject({
      SERVER_NAME: 'www.test',
      SERVER_PORT: '80',
      SERVER_ADDR: '192.0.2.1',
      SCRIPT_FILENAME: '/srv/app.wsgi',
      DOCUMENT_ROOT: '/var/www',
      REQUEST_SCHEME: 'http',
      'wsgi.url_scheme': 'http',
      'mod_wsgi.callable_object': 'application',
    });
  });

  it('shows SetEnv, but not over a variable of the server', () => {
    const environment = new Map([
      ['STAGE', 'live'],
      ['SERVER_NAME', 'other'],
      ['PATH', '/bin'],
    ]);
    const environ = mount(wsgiRoute({ environment }), connection);
    expect(environ).toMatchObject({ STAGE: 'live', SERVER_NAME: 'www.test' });
    expect(environ).not.toHaveProperty('PATH');
  });

  it.each([
    ['TLS', true, [], 'https', 'https'],
    ['HTTPS set to On', false, [['HTTPS', 'On']], 'https', 'http'],
    ['HTTPS set to 1', false, [['HTTPS', '1']], 'https', 'http'],
    ['HTTPS set to off', false, [['HTTPS', 'off']], 'http', 'http'],
  ] as const)('tells the scheme of %s and removes HTTPS', (_, tls, pairs, wsgi, scheme) => {
    const environ = mount(wsgiRoute({ environment: new Map(pairs) }), { ...connection, tls });
    expect(environ).toMatchObject({ 'wsgi.url_scheme': wsgi, REQUEST_SCHEME: scheme });
    expect(environ).not.toHaveProperty('HTTPS');
  });

  it('names the handler script of WSGIHandlerScript', () => {
    const environ = mount(wsgiRoute({ handlerScript: '/srv/handler.py' }), connection);
    expect(environ).toMatchObject({ 'mod_wsgi.handler_script': '/srv/handler.py' });
  });

  it('is ASCII that may stand in a header, whatever the bytes', () => {
    const value = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join('');
    const text = renderMountEnviron(wsgiRoute({ environment: new Map([['BYTES', value]]) }), connection);
    expect(text).toMatch(/^[\x20-\x7e]*$/);
    expect((JSON.parse(text) as Record<string, string>).BYTES).toBe(value);
  });
});

describe('renderRequestEnviron()', () => {
  it('says what the request is', () => {
    expect(request(wsgiRoute(), REQUEST_FACTS)).toMatchObject({
      SCRIPT_NAME: '/app',
      PATH_INFO: '/x',
      REQUEST_URI: '/app/x?y=1',
      REMOTE_ADDR: '192.0.2.9',
      REMOTE_PORT: '4000',
      PATH_TRANSLATED: '/var/www/x',
      'mod_wsgi.request_id': 'id-1',
    });
  });

  it('names a user only when there is one', () => {
    expect(request(wsgiRoute(), REQUEST_FACTS)).not.toHaveProperty('REMOTE_USER');
    expect(request(wsgiRoute(), { ...REQUEST_FACTS, user: 'a"b\\c' })).toMatchObject({
      REMOTE_USER: 'a"b\\c',
    });
  });

  it('shows HEAD as GET where WSGIMapHEADToGET says so', () => {
    const head = { ...REQUEST_FACTS, method: 'HEAD' };
    expect(request(wsgiRoute(), head)).not.toHaveProperty('REQUEST_METHOD');
    expect(request(wsgiRoute({}, { mapHeadToGet: true }), head)).toMatchObject({ REQUEST_METHOD: 'GET' });
  });

  it('shows the version of a client that speaks HTTP/1.0', () => {
    expect(request(wsgiRoute(), { ...REQUEST_FACTS, minorVersion: 0 })).toMatchObject({
      SERVER_PROTOCOL: 'HTTP/1.0',
    });
    expect(request(wsgiRoute(), REQUEST_FACTS)).not.toHaveProperty('SERVER_PROTOCOL');
  });

  it('shows the query of a target that was rewritten', () => {
    expect(request(wsgiRoute({ query: 'y=1' }), REQUEST_FACTS)).not.toHaveProperty('QUERY_STRING');
    expect(request(wsgiRoute({ query: 'z=2' }), REQUEST_FACTS)).toMatchObject({ QUERY_STRING: 'z=2' });
  });

  it('takes HTTP_HOST away where the client sent none', () => {
    expect(Object.keys(request(wsgiRoute(), REQUEST_FACTS))).not.toContain('');
    expect(request(wsgiRoute(), { ...REQUEST_FACTS, hasHost: false })).toMatchObject({ '': 'HTTP_HOST' });
  });

  it('changes what the headers of a trusted proxy change, over everything else', () => {
    const environChanges = {
      set: new Map([
        ['SCRIPT_NAME', '/mount'],
        ['HTTP_HOST', 'public.test'],
      ]),
      unset: new Set(['HTTP_X_HOST', 'HTTP_X_SCHEME']),
    };
    expect(request(wsgiRoute({ environChanges }), { ...REQUEST_FACTS, hasHost: false })).toMatchObject({
      SCRIPT_NAME: '/mount',
      HTTP_HOST: 'public.test',
      '': 'HTTP_X_HOST HTTP_X_SCHEME',
    });
  });

  it('keeps the bytes of a path', () => {
    const bytes = '/\xe6\x97\xa5"\\\x01\x7f';
    expect(request(wsgiRoute({ pathInfo: bytes }), REQUEST_FACTS)).toMatchObject({ PATH_INFO: bytes });
  });

  it('says what the transport leaves out', () => {
    const environ = request(wsgiRoute(), {
      ...REQUEST_FACTS,
      emptyBody: true,
      chunked: true,
      connection: 'close',
    });
    expect(environ).toMatchObject({
      CONTENT_LENGTH: '0',
      HTTP_TRANSFER_ENCODING: 'chunked',
      HTTP_CONNECTION: 'close',
    });
  });
});

describe('createMountEnvirons()', () => {
  it('gives one string for what is the same', () => {
    const environs = createMountEnvirons();
    const first = environs(wsgiRoute(), connection);
    expect(environs(wsgiRoute({ pathInfo: '/other' }), { ...connection })).toBe(first);
  });

  it.each([
    ['server name', { serverName: 'b.test' }],
    ['server port', { serverPort: 81 }],
    ['script', { scriptFilename: '/srv/b.wsgi' }],
    ['handler script', { handlerScript: '/srv/handler.py' }],
    ['document root', { documentRoot: '/srv' }],
    ['callable object', { callableObject: 'app' }],
    ['environment', { environment: new Map([['A', '1']]) }],
  ])('renders anew for another %s', (_, parts) => {
    const environs = createMountEnvirons();
    const first = environs(wsgiRoute(), connection);
    expect(environs(wsgiRoute(parts), connection)).not.toBe(first);
    expect(environs(wsgiRoute(), connection)).toBe(first);
  });

  const NAMES = Array.from({ length: 100 }, (_, i) => `${i}.test`);
  const named = (serverName: string): WsgiRoute => wsgiRoute({ serverName });

  it('stays right when clients ask for ever new server names, and makes no text for each', () => {
    const environs = createMountEnvirons();
    const texts = new Set<string>();
    for (const name of NAMES) {
      const environ = environs(named(name), connection);
      texts.add(environ.text);
      const of = { mount: environ, route: named(name), facts: REQUEST_FACTS };
      const whole = { ...JSON.parse(environ.text), ...JSON.parse(renderRequestEnviron(of)) };
      expect(whole).toEqual({ ...mount(named(name), connection), ...request(named(name), REQUEST_FACTS) });
    }
    expect(texts.size).toBe(8);
  });

  it('comes to have a text for a name that is asked for often, however many others came before', () => {
    const environs = createMountEnvirons();
    for (const name of NAMES) environs(named(name), connection);
    const own = (): boolean => environs(named('often.test'), connection).serverName === 'often.test';
    let tries = 0;
    while (!own()) tries += 1;
    expect(tries).toBeLessThanOrEqual(1024);
    expect(own()).toBe(true);
  });

  it('never shows the environ of another script under many names', () => {
    const environs = createMountEnvirons();
    for (const name of NAMES) environs(named(name), connection);
    const other = environs(wsgiRoute({ serverName: 'z.test', scriptFilename: '/srv/z.wsgi' }), connection);
    expect(JSON.parse(other.text)).toMatchObject({ SCRIPT_FILENAME: '/srv/z.wsgi', SERVER_NAME: 'z.test' });
  });
});
