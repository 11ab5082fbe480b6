/** Directives of the server and of virtual hosts that decide which requests there are, before the real Apache and before the sidecar. */
import { describe, expect, it } from 'vitest';
import type { Answer } from '../support/raw-http.ts';
import { besideApache } from './beside-apache.ts';

const APPLICATION = `import json
KEYS = ('REQUEST_METHOD', 'REQUEST_URI', 'SCRIPT_NAME', 'PATH_INFO', 'HTTP_AUTHORIZATION', 'CONTENT_LENGTH',
    'REDIRECT_STATUS', 'REDIRECT_URL', 'REDIRECT_QUERY_STRING')
def application(environ, start_response):
    if environ['QUERY_STRING'] == 'own':
        start_response('404 Not Found', [('Content-Type', 'text/plain'), ('X-Own', '1')])
        return [b'{"own": true}']
    told = dict((key, environ[key]) for key in KEYS if key in environ)
    told['body'] = environ['wsgi.input'].read().decode('latin-1')
    # An answer to HEAD has no other place to tell it.
    start_response('200 OK', [('Content-Type', 'text/plain'), ('X-Method', environ['REQUEST_METHOD'])])
    return [json.dumps(told, sort_keys=True).encode()]
`;

const host = (name: string, ...lines: readonly string[]): string =>
  `<VirtualHost *>\n  ServerName ${name}\n${lines.map((line) => `  ${line}\n`).join('')}</VirtualHost>\n`;
const mount = (path: string, script = 'app', options = ''): string =>
  `WSGIScriptAlias ${path} @ROOT@/apps/${script}.wsgi ${options}`;
const location = (path: string, ...lines: readonly string[]): string =>
  `<Location ${path}>\n${lines.join('\n')}\n</Location>`;

const CONF = [
  `LimitRequestLine 100
LimitRequestFields 5
LimitRequestFieldSize 60
WSGIDaemonProcess d threads=2
WSGIApplicationGroup %{GLOBAL}
`,
  host('off.test', mount('/'), 'MergeSlashes Off'),
  host('on.test', mount('/'), 'AllowEncodedSlashes On'),
  host('nodecode.test', mount('/'), 'AllowEncodedSlashes NoDecode'),
  host(
    'head.test',
    mount('/unsaid'),
    ...['Off', 'On', 'Auto'].flatMap((value) => {
      const path = `/${value.toLowerCase()}`;
      return [mount(path), location(path, `WSGIMapHEADToGET ${value}`)];
    }),
    mount('/filtered'),
    location('/filtered', 'WSGIMapHEADToGET Auto', 'SetOutputFilter DEFLATE'),
  ),
  host(
    'given.test',
    'Alias /given @ROOT@/apps',
    'Alias /taken @ROOT@/apps',
    location('/given', 'Options ExecCGI', 'AddHandler wsgi-script .wsgi'),
    location('/taken', 'Options ExecCGI', 'AddHandler wsgi-script .wsgi', 'RemoveHandler .wsgi'),
  ),
  host(
    'emptied.test',
    'Alias /taken @ROOT@/apps',
    'AddHandler wsgi-script .wsgi',
    'RemoveHandler .wsgi',
    location('/taken', 'Options ExecCGI'),
  ),
  host(
    'daemon.test',
    'WSGIProcessGroup d',
    mount('/shown', 'app', 'pass-authorization=On'),
    mount('/hidden'),
    location('/shown', 'WSGIChunkedRequest On', 'LimitRequestBody 5'),
  ),
  host(
    'errors.test',
    mount('/errors'),
    mount('/app'),
    mount('/broken', 'broken'),
    mount('/missing', 'missing'),
    'ErrorDocument 403 "Nobody"',
    'ErrorDocument 404 /errors/404?x=y',
    'ErrorDocument 405 http://elsewhere.test/405',
    'ErrorDocument 411 /errors/411',
    'ErrorDocument 413 /errors/413',
    'ErrorDocument 500 /errors/500',
    location('/app', 'LimitRequestBody 5'),
    location('/app/shut', 'Require all denied'),
  ),
].join('');

const head = (host: string, line: string, ...fields: string[]): string =>
  `${line} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`;
const KEY = 'Authorization: Basic YTpi';
const CHUNKED = 'Transfer-Encoding: chunked';
const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('Apache and the sidecar', () => {
  const beside = besideApache({
    conf: CONF,
    files: { 'apps/app.wsgi': APPLICATION, 'apps/broken.wsgi': 'import no_such_module\n' },
    modules: ['deflate'],
  });

  it.each(
    ['off.test', 'on.test', 'nodecode.test'].flatMap((host) =>
      [
        '/a%2Fb',
        '/a%2fb',
        '/a%5Cb',
        '/a%00b',
        '//a//b',
        '/a%2F%2Fb',
        '/%2F/a',
        '/a/%2e%2e/b',
        '/a%2F..%2Fb',
        '/a%252Fb',
      ].map((path) => [host, path] as const),
    ),
  )('agree about slashes: %s%s', async (host, path) => {
    const [there, here] = await beside.exchange(head(host, `GET ${path}`));
    expect(described(here)).toEqual(described(there));
  });

  it.each(['unsaid', 'off', 'on', 'filtered'])('agree about HEAD as GET: %s', async (path) => {
    const [there, here] = await beside.exchange(head('head.test', `HEAD /${path}`));
    expect(there.header('x-method')).toMatch(/^(?:GET|HEAD)$/);
    expect([here.status, here.header('x-method')]).toEqual([200, there.header('x-method')]);
  });

  it('differ on purpose about HEAD as GET: auto, where nothing filters answers', async () => {
    const [there, here] = await beside.exchange(head('head.test', 'HEAD /auto'));
    expect([there.header('x-method'), here.header('x-method')]).toEqual(['HEAD', 'GET']);
  });

  it.each([
    ['given', 'given.test', '/given', 'GET'],
    ['given and taken in one place', 'given.test', '/taken', undefined],
    ['given and taken by one virtual host', 'emptied.test', '/taken', undefined],
  ])('agree about the handler of an extension: %s', async (_, name, path, shown) => {
    const [there, here] = await beside.exchange(head(name, `GET ${path}/app.wsgi`));
    expect([there.status, there.header('x-method')]).toEqual([200, shown]);
    expect([here.status, here.text()]).toEqual([200, there.text()]);
  });

  it.each([
    ['credentials that an option of the mount lets through', head('daemon.test', 'GET /shown', KEY)],
    ['credentials that nobody lets through', head('daemon.test', 'GET /hidden', KEY)],
    ['chunks', `${head('daemon.test', 'POST /shown', CHUNKED)}3\r\nabc\r\n0\r\n\r\n`],
    [
      'chunks without WSGIChunkedRequest',
      `${head('daemon.test', 'POST /hidden', CHUNKED)}3\r\nabc\r\n0\r\n\r\n`,
    ],
    ['too many of them', `${head('daemon.test', 'POST /shown', CHUNKED)}6\r\nabcdef\r\n0\r\n\r\n`],
    ['a long body', `${head('daemon.test', 'POST /shown', 'Content-Length: 6')}abcdef`],
  ])('agree in daemon mode about %s', async (_, bytes) => {
    const [there, here] = await beside.exchange(bytes);
    expect(described(here)).toEqual(described(there));
  });

  it.each([
    ['a document for what is not there', head('errors.test', 'GET /nowhere?q')],
    ['a document for a script that is not there', head('errors.test', 'GET /missing')],
    ['a text for what is denied', head('errors.test', 'GET /app/shut')],
    ['an address for what is not allowed', head('errors.test', 'TRACE /app')],
    ['a page of the application’s own', head('errors.test', 'GET /app?own')],
    ['chunks', `${head('errors.test', 'POST /app', CHUNKED)}3\r\nabc\r\n0\r\n\r\n`],
    ['what is not there, to HEAD', head('errors.test', 'HEAD /nowhere')],
  ])('agree about error pages: %s', async (_, bytes) => {
    const [there, here] = await beside.exchange(bytes);
    expect(described(here)).toEqual(described(there));
  });

  it.each([
    ['a script that fails', head('errors.test', 'GET /broken'), 500],
    ['a body that is too long', `${head('errors.test', 'POST /app', 'Content-Length: 6')}abcdef`, 413],
  ])('differ on purpose about the page of %s, which here is the sidecar’s own', async (_, bytes, status) => {
    const [there, here] = await beside.exchange(bytes);
    expect([there.status, JSON.parse(there.text()).REDIRECT_STATUS]).toEqual([200, String(status)]);
    expect([here.status, here.header('content-type')]).toEqual([status, 'text/html; charset=utf-8']);
  });

  it('refuse request lines of the same lengths', async () => {
    for (const length of numbers(98, 103)) {
      const line = `GET /${'a'.repeat(length - 'GET / HTTP/1.1'.length)}`;
      const [there, here] = await beside.exchange(head('off.test', line));
      expect([length, here.status]).toEqual([length, there.status]);
    }
  });

  it('refuse the same numbers of fields, by statuses of their own', async () => {
    for (const count of numbers(4, 7)) {
      const fields = Array<string>(count - 2).fill('X-A: b');
      const [there, here] = await beside.exchange(head('off.test', 'GET /', ...fields));
      expect([count, here.status]).toEqual([count, there.status === 400 ? 431 : there.status]);
    }
  });

  it('refuse fields of the same sizes, by statuses of their own', async () => {
    for (const size of numbers(57, 63)) {
      const [there, here] = await beside.exchange(
        head('off.test', 'GET /', `X-A: ${'b'.repeat(size - 'X-A: '.length)}`),
      );
      expect([size, here.status]).toEqual([size, there.status === 400 ? 431 : there.status]);
    }
  });
});

function described(answer: Answer): unknown {
  const { status } = answer;
  const text = answer.text();
  return {
    status,
    location: answer.header('location'),
    body: text.startsWith('{') ? JSON.parse(text) : undefined,
  };
}
