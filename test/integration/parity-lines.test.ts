/** Request lines that few clients send, before the real Apache and before the sidecar: methods, bytes, versions and targets of any kind. */
import { describe, expect, it } from 'vitest';
import { type Answer, openConnection } from '../support/raw-http.ts';
import { besideApache } from './beside-apache.ts';

const APPLICATION = `import json
KEYS = ('REQUEST_METHOD', 'REQUEST_URI', 'SCRIPT_NAME', 'PATH_INFO', 'QUERY_STRING', 'SERVER_PROTOCOL', 'HTTP_HOST', 'CONTENT_LENGTH')
def application(environ, start_response):
    told = dict((key, environ[key]) for key in KEYS if key in environ)
    told['body'] = environ['wsgi.input'].read().decode('latin-1')
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [json.dumps(told, sort_keys=True).encode()]
`;

const place = (path: string, ...lines: readonly string[]): string =>
  `WSGIScriptAlias ${path} @ROOT@/apps/app.wsgi\n<Location ${path}>\n${lines.join('\n')}\n</Location>\n`;

const MOUNTS = `
  WSGIScriptAlias /app @ROOT@/apps/app.wsgi
  WSGIScriptAlias /daemon @ROOT@/apps/app.wsgi process-group=d application-group=%{GLOBAL}
  ${place('/named', 'AllowMethods GET BREW')}
  ${place('/only', '<LimitExcept GET>', 'Require all denied', '</LimitExcept>')}
  ${place('/but', '<Limit BREW STEEP>', 'Require all denied', '</Limit>')}
  ${place('/wanted', 'Require method BREW')}
  ${place('/shut', 'Require all denied')}
  ${place('/chunked', 'WSGIChunkedRequest On')}
  Redirect /moved http://elsewhere.test/to
`;

const CONF = `RegisterHttpMethod BREW
WSGIDaemonProcess d threads=2
<VirtualHost *>
  ServerName lines.test
  ${MOUNTS}
</VirtualHost>
<VirtualHost *>
  ServerName known.test
  HttpProtocolOptions RegisteredMethods
  ${MOUNTS}
</VirtualHost>
`;

const FILES = {
  'apps/app.wsgi': APPLICATION,
  'htdocs/file.txt': 'hi\n',
  'htdocs/folder/index.html': 'index\n',
};

const head = (line: string, ...fields: readonly string[]): string =>
  `${line}\r\nHost: lines.test\r\n${fields.map((field) => `${field}\r\n`).join('')}Connection: close\r\n\r\n`;
const ofMethod = (method: string, path = '/app/a'): string => head(`${method} ${path} HTTP/1.1`);
const ofTarget = (target: string): string => head(`GET ${target} HTTP/1.1`);
const ofVersion = (version: string, ...fields: readonly string[]): string =>
  head(`GET /app/a ${version}`, ...fields);

const METHODS = ['FOO', 'get', 'head', 'options', 'trace', 'PRI', 'X', "!#$%&'*+.^_`|~", 'A'.repeat(300)];
const PLACES = ['/named', '/only', '/but', '/wanted', '/shut', '/moved', '/file.txt', '/folder', '/none'];

describe('Apache and the sidecar', () => {
  const beside = besideApache({ conf: CONF, files: FILES, modules: ['allowmethods'] });

  const agreed = async (bytes: string): Promise<number> => {
    const [there, here] = await beside.exchange(bytes);
    expect(described(here)).toEqual(described(there));
    return there.status;
  };

  it.each(METHODS)('agree about the method %s', async (method) => {
    expect(await agreed(ofMethod(method))).toBe(200);
    expect(await agreed(ofMethod(method, '/daemon'))).toBe(200);
    expect(await agreed(`${head(`${method} /app HTTP/1.1`, 'Content-Length: 3')}abc`)).toBe(200);
    const chunks = '3\r\nabc\r\n0\r\n\r\n';
    expect(await agreed(head(`${method} /chunked HTTP/1.1`, 'Transfer-Encoding: chunked') + chunks)).toBe(
      200,
    );
  });

  it.each(PLACES)('agree about who comes in by which method at %s', async (path) => {
    for (const method of ['GET', 'PUT', 'FOO', 'get', 'BREW', 'STEEP', 'PROPFIND'])
      await agreed(ofMethod(method, path));
  });

  it('agree that RegisteredMethods of a virtual host is nothing unless it is the first', async () => {
    expect(await agreed(ofMethod('FOO').replace('lines.test', 'known.test'))).toBe(200);
  });

  it.each([
    ['a method with a colon', ofMethod('F:OO')],
    ['a method beyond ASCII', ofMethod('F\xe9')],
    ['the asterisk of a method that nobody knows', ofMethod('FOO', '*')],
    ['a tunnel in small letters', ofMethod('connect', 'lines.test:80')],
    ['a method that is longer than a request line may be', ofMethod('A'.repeat(9000))],
    ['no version behind a method that HTTP/0.9 has not', 'FOO /app\r\n\r\n'],
    ['a method alone', 'FOO\r\n\r\n'],
    ['SSH', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['a greeting of mail', 'EHLO client.test\r\n'],
    ['the PROXY protocol', 'PROXY TCP4 192.0.2.1 192.0.2.2 1 443\r\n\r\n'],
    ['another protocol', head('FOO /app RTSP/1.0')],
    ['DEL in a target', ofTarget('/app/\x7f')],
    ['a host beyond ASCII', ofTarget('http://l\xe9nes.test/app')],
    ['a fragment', ofTarget('/app#\xe9')],
    ['a scheme and a path that does not begin with a slash', ofTarget('http:app')],
    ['another scheme', ofTarget('ftp:/app')],
    ['HTTP/1.10', ofVersion('HTTP/1.10')],
    ['HTTP/1.2 without Host', 'GET /app/a HTTP/1.2\r\nConnection: close\r\n\r\n'],
    ['HTTP/1.2 and an expectation', ofVersion('HTTP/1.2', 'Expect: tea')],
  ])('agree about what is no request: %s', async (_, bytes) => {
    expect(await agreed(bytes)).toBeGreaterThanOrEqual(400);
  });

  it.each([
    ['UTF-8', '/app/\xc3\xa9?q=\xc3\xa9'],
    ['no UTF-8', '/app/\xe9\xff\x80\x85\xa0?\xff=\x80'],
    ['beside percents', '/app/\xe9%E9%20?\xe9%E9'],
    ['an overlong slash', '/app/\xc0\xaf..\xc0\xaf'],
    ['in absolute form', 'http://lines.test/app/\xe9'],
    ['in daemon mode', '/daemon/\xe9?\xe9'],
    ['a URL without a host', 'http:/app/a?b'],
    ['a URL of another scheme without a host', 'https:/app/a'],
    ['a URL of capitals without a host', 'HTTP:/%61pp/a'],
  ])('agree about a target: %s', async (_, target) => {
    expect(await agreed(ofTarget(target))).toBe(200);
  });

  it.each(['/moved/\xe9?\xff', '/folder?\xff', '/\xe9', 'http:', 'http:/', 'http:?\xe9'])(
    'agree about a target that no application answers: %s',
    async (target) => {
      const [there, here] = await beside.exchange(ofTarget(target));
      expect([here.status, here.header('location')?.toLowerCase()]).toEqual([
        there.status,
        there.header('location')?.replace('main.test', 'lines.test'),
      ]);
    },
  );

  it.each(['HTTP/1.2', 'HTTP/1.9'])('agree about %s', async (version) => {
    expect(await agreed(ofVersion(version))).toBe(200);
    const chunks = head(`PUT /chunked ${version}`, 'Transfer-Encoding: chunked');
    expect(await agreed(`${chunks}3\r\nabc\r\n0\r\n\r\n`)).toBe(200);
    expect(await agreed(head(`OPTIONS * ${version}`))).toBe(200);
  });

  it.each([
    ['kept', 'HTTP/1.2'],
    ['kept', 'HTTP/1.1'],
    ['ended', 'HTTP/1.0'],
  ])('agree that the connection is %s behind %s', async (_, version) => {
    const answers = await Promise.all(
      beside.ports.map(async (port) => {
        const client = openConnection({ port });
        client.write(`GET /app ${version}\r\nHost: lines.test\r\n\r\n${ofTarget('/app/last')}`);
        return (await client.closed).match(/"PATH_INFO": "[^"]*"/g);
      }),
    );
    expect(answers[1]).toEqual(answers[0]);
  });

  it.each([
    ['HTTP/2.0', 200, 505],
    ['HTTP/2.1', 200, 400],
    ['HTTP/9.9', 200, 400],
  ])('differ on purpose about %s', async (version, apaches, ours) => {
    const [there, here] = await beside.exchange(ofVersion(version));
    expect([there.status, here.status]).toEqual([apaches, ours]);
  });
});

describe('Apache and the sidecar under HttpProtocolOptions RegisteredMethods', () => {
  const beside = besideApache({
    conf: `HttpProtocolOptions RegisteredMethods\n${CONF}`,
    files: FILES,
    modules: ['allowmethods', 'dav'],
  });

  it.each([
    ['GET', 200],
    ['BREW', 200],
    ['STEEP', 200],
    ['SEARCH', 200],
    ['FOO', 501],
    ['get', 501],
    ['QUERY', 501],
  ])('agree about %s', async (method, status) => {
    const [there, here] = await beside.exchange(ofMethod(method));
    expect([there.status, here.status]).toEqual([status, status]);
  });

  it.each([
    ['no path', ofMethod('FOO', 'http:app')],
    ['a path that is closed', ofMethod('FOO', '/shut')],
  ])('agree that it comes before all else: %s', async (_, bytes) => {
    const [there, here] = await beside.exchange(bytes);
    expect([there.status, here.status]).toEqual([501, 501]);
  });
});

function described(answer: Answer): unknown {
  const { status } = answer;
  const text = answer.text();
  return { status, body: status === 200 && text.startsWith('{') ? JSON.parse(text) : undefined };
}
