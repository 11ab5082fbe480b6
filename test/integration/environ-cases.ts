/** Requests whose environ is compared, and the script that shows it. */
import type { Answer } from '../support/raw-http.ts';

/** A script that answers with its environ and what it read. */
export const DUMP: string = `import hashlib, json

def application(environ, start_response):
    body = environ["wsgi.input"].read()
    seen = {}
    for key, value in environ.items():
        seen[key] = value if isinstance(value, (str, int, bool, tuple)) else type(value).__name__
    seen["body"] = [len(body), hashlib.md5(body).hexdigest()]
    text = json.dumps(seen, sort_keys=True).encode("ascii")
    headers = [("Content-Type", "application/json")]
    if len(text) < 12000:
        headers.append(("X-Environ", text.decode("ascii")))
    start_response("200 OK", headers)
    return [text]
`;

/** A site with that script in embedded and daemon mode. */
export const CONF: string = `WSGIDaemonProcess shop processes=2 threads=3
<VirtualHost *:@PORT@>
    ServerName Shop.test
    ServerAlias *.shop.test
    ServerAdmin admin@shop.test
    SetEnv STAGE test
    SetEnvIf User-Agent "^Robot" is_robot=yes
    WSGIScriptAlias /embedded @ROOT@/apps/dump.wsgi
    WSGIScriptAlias /daemon @ROOT@/apps/dump.wsgi process-group=shop application-group=%{SERVER}
    WSGIScriptAlias /chunked @ROOT@/apps/dump.wsgi
    WSGIScriptAlias /trusted @ROOT@/apps/dump.wsgi pass-authorization=On
    WSGIScriptAlias /folder @ROOT@/apps/
    <Location /chunked>
        WSGIChunkedRequest On
    </Location>
</VirtualHost>
`;

/** What differs between two servers, two processes or two moments. */
const VOLATILE = [
  /^apache\./,
  /^mod_wsgi\.(connection_id|daemon_|queue_|request_|script_start|thread_|total_|version|enable_sendfile)/,
  /^(REMOTE_PORT|SERVER_SIGNATURE|SERVER_SOFTWARE|PATH_TRANSLATED|UNIQUE_ID)$/,
  /^wsgi\.(errors|file_wrapper|input)$/,
];

/** Bytes on the wire. */
export type Case = { readonly name: string; readonly bytes: string };

/** A request of those bytes. */
export const request = (line: string, headers: readonly string[] = [], body = ''): string =>
  [line, 'Host: www.shop.test', 'Connection: close', ...headers, '', body].join('\r\n');

/** Requests that reach the script. */
export const REACHING: readonly Case[] = [
  { name: 'GET', bytes: request('GET /embedded/a/b?x=1&y=%20 HTTP/1.1') },
  { name: 'GET in daemon mode', bytes: request('GET /daemon/a HTTP/1.1') },
  { name: 'HTTP/1.0', bytes: request('GET /embedded HTTP/1.0') },
  { name: 'HEAD', bytes: request('HEAD /embedded/a HTTP/1.1') },
  {
    name: 'POST',
    bytes: request('POST /embedded HTTP/1.1', ['Content-Type: text/plain', 'Content-Length: 5'], 'hello'),
  },
  { name: 'POST without a body', bytes: request('POST /embedded HTTP/1.1', ['Content-Length: 0']) },
  { name: 'OPTIONS', bytes: request('OPTIONS /embedded HTTP/1.1') },
  { name: 'DELETE with a body', bytes: request('DELETE /embedded HTTP/1.1', ['Content-Length: 2'], 'hi') },
  { name: 'an encoded path', bytes: request('GET /embedded/%C3%A4%20b%2Bc+d;e HTTP/1.1') },
  { name: 'dots and double slashes', bytes: request('GET //x/../embedded//a/./b//c HTTP/1.1') },
  { name: 'an encoded slash in the query', bytes: request('GET /embedded?next=%2Fa%2Fb HTTP/1.1') },
  { name: 'a question mark alone', bytes: request('GET /embedded? HTTP/1.1') },
  { name: 'absolute form', bytes: request('GET http://api.shop.test/embedded/a HTTP/1.1') },
  { name: 'absolute form without a host', bytes: request('GET http:/embedded/a HTTP/1.1') },
  { name: 'bytes above 127 in the path', bytes: request('GET /embedded/\xc3\xa4\xff\x80\xa0%E4 HTTP/1.1') },
  { name: 'bytes above 127 in the query', bytes: request('GET /embedded?a=\xc3\xa4&b=\xff|\x85 HTTP/1.1') },
  {
    name: 'bytes above 127 in absolute form',
    bytes: request('GET http://api.shop.test/embedded/\xe4?\xe4 HTTP/1.1'),
  },
  { name: 'a method that is not registered', bytes: request('BREW /embedded HTTP/1.1') },
  {
    name: 'a method that is not registered, with a body',
    bytes: request('BREW /embedded HTTP/1.1', ['Content-Length: 3'], 'tea'),
  },
  { name: 'a method in small letters', bytes: request('get /embedded/a HTTP/1.1') },
  { name: 'HEAD in small letters', bytes: request('head /embedded/a HTTP/1.1') },
  { name: 'a method of all that a token may be', bytes: request("!#$%&'*+.^_`|~-09azAZ /embedded HTTP/1.1") },
  { name: 'a method of one letter', bytes: request('X /embedded HTTP/1.1') },
  { name: 'a method of 200 letters', bytes: request(`${'A'.repeat(200)} /embedded HTTP/1.1`) },
  { name: 'HEAD of bytes above 127', bytes: request('HEAD /embedded/\xe4?\xe4 HTTP/1.1') },
  { name: 'HTTP/1.2', bytes: request('GET /embedded/a HTTP/1.2') },
  { name: 'HTTP/1.9', bytes: request('GET /daemon/a HTTP/1.9') },
  { name: 'a file in a folder', bytes: request('GET /folder/dump.wsgi/more HTTP/1.1') },
  {
    name: 'headers',
    bytes: request('GET /embedded HTTP/1.1', ['X-One: 1', 'x-two:  2 ', 'Accept: a', 'Accept: b']),
  },
  { name: 'cookies in two lines', bytes: request('GET /embedded HTTP/1.1', ['Cookie: a=1', 'Cookie: b=2']) },
  {
    name: 'header names with odd characters',
    bytes: request('GET /embedded HTTP/1.1', ['X_Under: 1', 'X.Dot: 2']),
  },
  { name: 'an empty header', bytes: request('GET /embedded HTTP/1.1', ['X-Empty:']) },
  { name: 'header bytes above 127', bytes: request('GET /embedded HTTP/1.1', ['X-Name: \xe4\xc3\xa4']) },
  { name: 'Proxy', bytes: request('GET /embedded HTTP/1.1', ['Proxy: http://evil.test']) },
  { name: 'credentials', bytes: request('GET /embedded HTTP/1.1', ['Authorization: Basic YTpi']) },
  {
    name: 'credentials that are passed on',
    bytes: request('GET /trusted HTTP/1.1', ['Authorization: Basic YTpi']),
  },
  { name: 'SetEnvIf', bytes: request('GET /embedded HTTP/1.1', ['User-Agent: Robot 7']) },
  {
    name: 'chunks where they are allowed',
    bytes: request('POST /chunked HTTP/1.1', ['Transfer-Encoding: chunked'], '3\r\nabc\r\n0\r\n\r\n'),
  },
];

/** What is the same whoever serves and whenever. */
export function environOf(answer: Answer): Readonly<Record<string, unknown>> {
  const seen = JSON.parse(answer.header('x-environ') ?? answer.text()) as Readonly<Record<string, unknown>>;
  const kept = Object.entries(seen).filter(([key]) => !VOLATILE.some((pattern) => pattern.test(key)));
  return Object.fromEntries(kept);
}
