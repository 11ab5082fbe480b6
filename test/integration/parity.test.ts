/** The same bytes to the real Apache and to the sidecar, for what the manual says of parity: the same status, the same environ, the same body. */
import { describe, expect, it } from 'vitest';
import { type Answer, openConnection } from '../support/raw-http.ts';
import { besideApache } from './beside-apache.ts';

const APPLICATION = `import json
def application(environ, start_response):
    body = b'unread' if environ['QUERY_STRING'] == 'noread' else environ['wsgi.input'].read()
    told = dict((key, value) for key, value in environ.items() if key.startswith('HTTP_') or key in (
        'REQUEST_METHOD', 'CONTENT_LENGTH', 'CONTENT_TYPE', 'SERVER_PROTOCOL', 'REQUEST_URI', 'PATH_INFO', 'AUTH_TYPE'))
    told['body'] = body.decode('latin-1')
    answer = json.dumps(told, sort_keys=True).encode()
    start_response('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', str(len(answer)))])
    return [answer]
`;

const CONF = `
<VirtualHost *>
  ServerName main.test
  TraceEnable On
  WSGIDaemonProcess d threads=2
  WSGIScriptAlias /plain @ROOT@/apps/app.wsgi
  WSGIScriptAlias /daemon @ROOT@/apps/app.wsgi process-group=d application-group=%{GLOBAL}
  WSGIScriptAlias /chunked @ROOT@/apps/app.wsgi
  WSGIScriptAlias /auth @ROOT@/apps/app.wsgi
  WSGIScriptAlias /cgiauth @ROOT@/apps/app.wsgi
  WSGIScriptAlias /any @ROOT@/apps/app.wsgi
  WSGIScriptAlias /head @ROOT@/apps/app.wsgi
  <Location />
    LimitRequestBody 10
  </Location>
  <Location /any>
    LimitRequestBody 0
    WSGIChunkedRequest On
  </Location>
  <Location /chunked>
    WSGIChunkedRequest On
  </Location>
  <Location /auth>
    WSGIPassAuthorization On
  </Location>
  <Location /cgiauth>
    CGIPassAuth On
  </Location>
  <Location /head>
    WSGIMapHEADToGET On
  </Location>
</VirtualHost>
`;

const head = (line: string, ...fields: string[]): string =>
  `${line} HTTP/1.1\r\nHost: main.test\r\n${fields.map((field) => `${field}\r\n`).join('')}Connection: close\r\n\r\n`;
const chunks = (...texts: string[]): string =>
  `${texts.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`).join('')}0\r\n\r\n`;
const CHUNKED = 'Transfer-Encoding: chunked';

describe('Apache and the sidecar', () => {
  const beside = besideApache({ conf: CONF, files: { 'apps/app.wsgi': APPLICATION } });

  it.each([
    ['a plain request', head('GET /plain/a?b=c')],
    [
      'repeated headers, joined',
      head('GET /plain', 'X-A: 1', 'X-A: 2', 'Cookie: a=1', 'Cookie: b=2', 'X-A: 3'),
    ],
    ['names with underscores', head('GET /plain', 'X_A: 1', 'X.B: 2', 'X-C: 3')],
    ['proxies on the way', head('GET /plain', 'Via: 1.1 front', 'Max-Forwards: 3')],
    ['credentials that nobody lets through', head('GET /plain', 'Authorization: Basic YTpi')],
    ['WSGIPassAuthorization', head('GET /auth', 'Authorization: Basic YTpi')],
    ['CGIPassAuth', head('GET /cgiauth', 'Authorization: Basic YTpi')],
    ['a body', `${head('POST /plain', 'Content-Length: 3', 'Content-Type: text/x')}abc`],
    ['an empty body', head('POST /plain', 'Content-Length: 0')],
    ['a body of GET', `${head('GET /plain', 'Content-Length: 3')}abc`],
    ['a body that is not read', `${head('POST /plain?noread', 'Content-Length: 3')}abc`],
    ['a body as long as LimitRequestBody', `${head('POST /plain', 'Content-Length: 10')}0123456789`],
    ['a longer one', `${head('POST /plain', 'Content-Length: 11')}01234567890`],
    ['a longer one in daemon mode', `${head('POST /daemon', 'Content-Length: 11')}01234567890`],
    ['LimitRequestBody 0', `${head('POST /any', 'Content-Length: 11')}01234567890`],
    ['chunks without WSGIChunkedRequest', `${head('POST /plain', CHUNKED)}${chunks('abc')}`],
    ['chunks', `${head('POST /chunked', CHUNKED)}${chunks('abc', 'def')}`],
    ['chunks beyond LimitRequestBody', `${head('POST /chunked', CHUNKED)}${chunks('0123456', '789012')}`],
    ['chunks with LimitRequestBody 0', `${head('POST /any', CHUNKED)}${chunks('0123456', '789012')}`],
    ['chunks with a trailer', `${head('POST /chunked', CHUNKED)}3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n`],
    ['HEAD', head('HEAD /plain')],
    ['HEAD as GET', head('HEAD /head')],
    ['HTTP/1.0', 'GET /plain HTTP/1.0\r\nHost: main.test\r\n\r\n'],
    ['HTTP/1.0 without a host', 'GET /plain HTTP/1.0\r\n\r\n'],
    ['an absolute-form target', head('GET http://main.test/plain?x')],
    ['OPTIONS *', head('OPTIONS *')],
    ['OPTIONS', head('OPTIONS /plain')],
    ['an encoded slash', head('GET /plain/a%2Fb')],
    ['an encoded backslash', head('GET /plain/a%5Cb')],
    ['an encoded NUL', head('GET /plain/a%00b')],
    ['doubled slashes', head('GET //plain//a')],
    ['two hosts', head('GET /plain', 'Host: a')],
    ['no host', 'GET /plain HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['a host with a user', 'GET /plain HTTP/1.1\r\nHost: a@b\r\nConnection: close\r\n\r\n'],
    ['two lengths', `${head('POST /plain', 'Content-Length: 3', 'Content-Length: 3')}abc`],
    ['another coding', head('POST /chunked', 'Transfer-Encoding: gzip, chunked')],
    ['an unknown expectation', head('GET /plain', 'Expect: tea')],
    ['an asterisk without OPTIONS', head('GET *')],
    ['a tunnel', head('CONNECT a:80')],
    ['a request line that is too long', head(`GET /plain?${'a'.repeat(8200)}`)],
  ])('agree about %s', async (_, bytes) => {
    const [there, here] = await beside.exchange(bytes);
    expect(described(here)).toEqual(described(there));
  });

  it.each([
    [
      'two types, which Apache joins',
      `${head('POST /plain', 'Content-Type: a', 'Content-Type: b')}`,
      200,
      400,
    ],
    [
      'both framings, of which Apache takes the chunks',
      `${head('POST /chunked', 'Content-Length: 3', CHUNKED)}${chunks('a')}`,
      200,
      400,
    ],
    [
      'chunks in HTTP/1.0',
      `POST /chunked HTTP/1.0\r\nHost: main.test\r\n${CHUNKED}\r\n\r\n${chunks('a')}`,
      200,
      400,
    ],
    ['HTTP/2.0 in a request line', head('GET /plain').replace('HTTP/1.1', 'HTTP/2.0'), 200, 505],
    ['HTTP/0.9', head('GET /plain').replace('HTTP/1.1', 'HTTP/0.9'), 400, 505],
    ['a field that is too long', head('GET /plain', `X-A: ${'a'.repeat(9000)}`), 400, 431],
    ['101 fields', head('GET /plain', ...Array<string>(99).fill('X-A: b')), 400, 431],
  ])('differ on purpose about %s', async (_, bytes, apaches, ours) => {
    const [there, here] = await beside.exchange(bytes);
    expect([there.status, here.status]).toEqual([apaches, ours]);
  });

  it('refuse fields of the same sizes, by statuses of their own', async () => {
    for (const size of [8189, 8190, 8191, 8192, 8193]) {
      const bytes = head('GET /plain', `X-A: ${'a'.repeat(size - 'X-A: '.length)}`);
      const [there, here] = await beside.exchange(bytes);
      expect([size, here.status]).toEqual([size, there.status === 400 ? 431 : there.status]);
    }
  });

  it('differ on purpose about what TRACE tells', async () => {
    const [there, here] = await beside.exchange(head('TRACE /plain', 'X-A: b', 'Cookie: c=d'));
    expect([there.status, here.status]).toEqual([200, 200]);
    expect(there.text()).toContain('c=d');
    expect(here.text()).toBe(there.text().replace('Cookie: c=d\r\n', ''));
  });

  it('differ on purpose about fields of one hop, which only Apache shows to applications', async () => {
    const bytes = head(
      'GET /plain',
      'TE: trailers',
      'Upgrade: h2c',
      'Keep-Alive: 5',
      'Proxy-Authorization: x',
    );
    const shown = (answer: Answer): string[] =>
      Object.keys(JSON.parse(answer.text())).filter((key) =>
        /^HTTP_(?:TE|UPGRADE|KEEP_ALIVE|PROXY_AUTHORIZATION)$/.test(key),
      );
    const [there, here] = await beside.exchange(bytes);
    expect(shown(there)).toEqual(['HTTP_KEEP_ALIVE', 'HTTP_TE', 'HTTP_UPGRADE']);
    expect(shown(here)).toEqual([]);
  });

  it.each([
    ['is read', '/plain', true],
    ['is not read', '/plain?noread', false],
  ])('agree about when a body is asked for that %s', async (_, path, isAsked) => {
    for (const port of beside.ports) {
      const client = openConnection({ port });
      client.write(
        `POST ${path} HTTP/1.1\r\nHost: main.test\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n`,
      );
      await client.until(isAsked ? 'HTTP/1.1 100 Continue\r\n\r\n' : 'unread');
      if (isAsked) {
        client.write('abc');
        await client.until('"body": "abc"');
      }
      client.end();
      expect((await client.closed).includes(' 100 ')).toBe(isAsked);
    }
  });
});

function described(answer: Answer): unknown {
  const { status } = answer;
  const text = answer.text();
  return { status, body: status === 200 && text.startsWith('{') ? JSON.parse(text) : undefined };
}
