import { describe, expect, it } from 'vitest';
import type { RequestEnviron, RequestFacts } from '../../src/proxy/environ.ts';
import { renderPlain, WorkerEnvirons } from '../../src/proxy/worker-environs.ts';
import type { WsgiRoute } from '../../src/routing/route.ts';
import { send } from '../support/raw-http.ts';
import { answering, environOf, ok, REQUEST_FACTS, stageBefore, wsgiRoute } from './stage.ts';

function environ(facts: Partial<RequestFacts> = {}, route: Partial<WsgiRoute> = {}): RequestEnviron {
  const mount = { text: '{}', serverName: 'www.test' };
  return { mount, route: wsgiRoute({ query: 'y=1', ...route }), facts: { ...REQUEST_FACTS, ...facts } };
}

describe('WorkerEnvirons', () => {
  const mountLines = (environs: WorkerEnvirons, mounts: readonly string[]): string[] =>
    mounts.map(
      (text) =>
        environs.lines({ ...environ(), mount: { text, serverName: 'www.test' } }).split('\r\n')[0] ?? '',
    );

  it('tells a mount once, and names it by its number from then on', () => {
    const told = mountLines(new WorkerEnvirons(), ['{"a":""}', '{"b":""}', '{"a":""}', '{"b":""}']);
    expect(told).toEqual([
      'x-sidecar-mount: 0 {"a":""}',
      'x-sidecar-mount: 1 {"b":""}',
      'x-sidecar-mount: 0',
      'x-sidecar-mount: 1',
    ]);
  });

  it('begins anew where clients ask for ever new mounts', () => {
    const environs = new WorkerEnvirons();
    const mounts = Array.from({ length: 65 }, (_, i) => `{"a":"${i}"}`);
    const told = mountLines(environs, [...mounts, ...mounts.slice(0, 1)]);
    expect(told.slice(63)).toEqual([
      'x-sidecar-mount: 63 {"a":"63"}',
      'x-sidecar-mount: 0 {"a":"64"}',
      'x-sidecar-mount: 1 {"a":"0"}',
    ]);
  });
});

describe('renderPlain()', () => {
  it('says by position what every request has', () => {
    expect(renderPlain(environ({ connection: 'keep-alive' }))).toBe(
      'id-1|1700000000000000|192.0.2.9|4000|keep-alive|/app|/x|/app/x?y=1',
    );
  });

  it('adds what few requests have', () => {
    expect(renderPlain(environ({ user: 'eve', emptyBody: true }))).toBe(
      'id-1|1700000000000000|192.0.2.9|4000||/app|/x|/app/x?y=1|{"REMOTE_USER":"eve","CONTENT_LENGTH":"0"}',
    );
  });

  it('says the server name where it is not the one that the mount was told with', () => {
    expect(renderPlain(environ({}, { serverName: 'a"b.test' }))).toBe(
      'id-1|1700000000000000|192.0.2.9|4000||/app|/x|/app/x?y=1|{"SERVER_NAME":"a\\"b.test"}',
    );
  });

  it.each<[string, Partial<RequestFacts>, Partial<WsgiRoute>]>([
    ['the separator in a path', {}, { pathInfo: '/a|b' }],
    ['a line end in a path', {}, { pathInfo: '/a\r\nx-sidecar-mount: 1' }],
    ['a NUL in a script name', {}, { scriptName: '/\0' }],
    ['a DEL in a path', {}, { pathInfo: '/\x7f' }],
    ['the separator in a target', { target: '/app/x?a|b' }, { query: 'a|b' }],
    ['the separator in Connection', { connection: 'a|b' }, {}],
  ])('says everything as JSON where there is %s', (_, facts, route) => {
    const { scriptName, pathInfo } = wsgiRoute(route);
    const text = renderPlain(environ(facts, route));
    expect(text).toMatch(/^\{[\x20-\x7e]*\}$/);
    expect(JSON.parse(text)).toMatchObject({ SCRIPT_NAME: scriptName, PATH_INFO: pathInfo });
  });
});

describe('a connection to a worker', () => {
  it('tells its mount with its first request alone', async () => {
    const stage = await stageBefore(answering(ok('x')));
    for (let i = 0; i < 3; i += 1) {
      await send(stage.target, '/app/x');
      await stage.observed(i);
    }
    const [received = ''] = stage.recorder.received;
    const told = [...received.matchAll(/^x-sidecar-mount: (.*)\r$/gm)].map((match) => match[1]);
    expect(told).toEqual([expect.stringMatching(/^0 \{/), '0', '0']);
    expect(environOf(received)).toMatchObject({ SCRIPT_NAME: '/app', REMOTE_ADDR: '127.0.0.1' });
  });
});
