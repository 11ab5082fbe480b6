/** Odd requests: those of the tables, and what the threats of a proxy add to them. */
import { GUNICORN_INVALID } from '../vectors/gunicorn-invalid.ts';
import { GUNICORN_VALID } from '../vectors/gunicorn-valid.ts';
import { H1SPEC } from '../vectors/h1spec.ts';
import { PROBE_FRAMING } from '../vectors/http11probe-framing.ts';
import { PROBE_SYNTAX } from '../vectors/http11probe-syntax.ts';
import { LLHTTP } from '../vectors/llhttp.ts';
import { chunked, get, head, post, request } from '../vectors/vector.ts';

export type Case = { readonly name: string; readonly pieces: readonly string[] };

const NEXT = request('GET /next');

const OF_OUR_OWN: readonly (readonly [string, string])[] = [
  [
    'DELETE with chunks that hide a request',
    `${request('DELETE /x', 'Transfer-Encoding: chunked')}0\r\n\r\n${NEXT}`,
  ],
  [
    'Connection names Content-Length',
    post(['Connection: Content-Length', 'Content-Length: 5'], 'hello') + NEXT,
  ],
  [
    'Connection names Transfer-Encoding',
    chunked('5\r\nhello\r\n0\r\n\r\n', 'Connection: Transfer-Encoding') + NEXT,
  ],
  ['Connection names Host', get('Connection: Host')],
  ['Connection names X-Forwarded-For', get('Connection: X-Forwarded-For', 'X-Forwarded-For: 192.0.2.1')],
  ['a path that climbs', request('GET /a/../../etc/passwd')],
  ['a path that climbs in escapes', request('GET /a/%2e%2e/%2e%2e/etc/passwd')],
  ['a path that climbs above the root', request('GET /../x')],
  ['a slash in escapes', request('GET /a%2fb')],
  ['a backslash in escapes', request('GET /a%5cb')],
  ['an escape of no hexadecimal digits', request('GET /%zz')],
  ['half an escape', request('GET /%2')],
  ['a path of two slashes at its start', request('GET //evil.test/x')],
  ['braces and a caret in the target', request('GET /{x}^y')],
  ['a tab in the target', request('GET /a\tb')],
  ['DEL in the target', request('GET /a\x7fb')],
  ['a question mark and nothing', request('GET /x?')],
  ['an absolute target of an empty host', request('GET http:///x')],
  ['an absolute target of a broken host', request('GET http://[bad/')],
  ['an absolute target without slashes', request('GET http:x')],
  ['an absolute target of another scheme', request('GET ftp://wire.test/x')],
  ['an absolute target without Host', head('GET http://wire.test/x HTTP/1.1')],
  ['a Host with a port that is no number', head('GET /x HTTP/1.1', 'Host: wire.test:a')],
  ['a Host with a port beyond 65535', head('GET /x HTTP/1.1', 'Host: wire.test:99999')],
  ['a Host with an empty port', head('GET /x HTTP/1.1', 'Host: wire.test:')],
  ['a Host of an IPv6 address', head('GET /x HTTP/1.1', 'Host: [::1]:80')],
  ['a Host of half an IPv6 address', head('GET /x HTTP/1.1', 'Host: [::1')],
  ['a Host that climbs', head('GET /x HTTP/1.1', 'Host: a/../b')],
  ['a Host with an underscore', head('GET /x HTTP/1.1', 'Host: wire_test')],
  ['a Host with a dot at its end', head('GET /x HTTP/1.1', 'Host: wire.test.')],
  ['a Host of two dots', head('GET /x HTTP/1.1', 'Host: wire..test')],
  ['a Host beyond ASCII', head('GET /x HTTP/1.1', 'Host: w\xefre.test')],
  ['a Host with an escape', head('GET /x HTTP/1.1', 'Host: wire%2etest')],
  ['a Host with a quote', head('GET /x HTTP/1.1', 'Host: wire"test')],
  ['an empty Host in HTTP/1.0', head('GET /x HTTP/1.0', 'Host:')],
  ['two Hosts in HTTP/1.0', head('GET /x HTTP/1.0', 'Host: a', 'Host: b')],
  ['a line feed before the request', `\n${get()}`],
  ['a carriage return before the request', `\r${get()}`],
  ['ten empty lines before the request', '\r\n'.repeat(10) + get()],
  ['a blank behind the version', head('GET /x HTTP/1.1 ', 'Host: wire.test')],
  ['a tab behind the target', head('GET /x\tHTTP/1.1', 'Host: wire.test')],
  ['a vertical tab behind the method', head('GET\v/x HTTP/1.1', 'Host: wire.test')],
  ['Trailer', chunked('0\r\nX-T: a\r\n\r\n', 'Trailer: X-T')],
  ['Trailer with GET', get('Trailer: X-T')],
  ['TE', get('TE: trailers', 'Connection: TE')],
  [
    'Upgrade: h2c',
    get('Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'),
  ],
  ['Expect of two values', post(['Expect: 100-continue, x', 'Content-Length: 5'], 'hello')],
  ['Expect in capitals', post(['Expect: 100-CONTINUE', 'Content-Length: 5'], 'hello')],
  ['Proxy', get('Proxy: http://evil.test')],
  ['a field named Content Length', get('Content Length: 5')],
  ['a comma in a name', get('X,A: b')],
  ['a name of a quote', get('"X": b')],
  ['a Content-Length that is empty, and a body', post(['Content-Length:'], 'hello')],
  ['a Content-Length of 19 digits', post([`Content-Length: ${'9'.repeat(18)}`], '')],
  [
    'a Content-Length of one and one more in HTTP/1.0',
    `${head('POST /x HTTP/1.0', 'Content-Length: 1', 'Content-Length: 2')}ab`,
  ],
  ['chunked with a parameter', post(['Transfer-Encoding: chunked;q=1'], '0\r\n\r\n') + NEXT],
  ['chunked in quotes', post(['Transfer-Encoding: "chunked"'], '0\r\n\r\n') + NEXT],
  ['chunked and nothing', post(['Transfer-Encoding: chunked', 'Transfer-Encoding: '], '0\r\n\r\n') + NEXT],
  ['nothing before chunked', post(['Transfer-Encoding:', 'Transfer-Encoding: chunked'], '0\r\n\r\n') + NEXT],
  ['a chunk size of 17 digits', chunked(`${'0'.repeat(16)}5\r\nhello\r\n0\r\n\r\n`)],
  ['a chunk size and a tab', chunked('5\t\r\nhello\r\n0\r\n\r\n')],
  ['a trailer field without a colon', chunked('0\r\nX T\r\n\r\n') + NEXT],
  ['a trailer field with a blank before the colon', chunked('0\r\nX : a\r\n\r\n') + NEXT],
  ['a folded trailer field', chunked('0\r\nX: a\r\n b\r\n\r\n') + NEXT],
  ['a last chunk with an extension', chunked('0;a=b\r\n\r\n') + NEXT],
  ['GET with chunks', `${get('Transfer-Encoding: chunked')}0\r\n\r\n${NEXT}`],
  ['HEAD with chunks', `${request('HEAD /x', 'Transfer-Encoding: chunked')}0\r\n\r\n${NEXT}`],
  ['Connection: close and keep-alive', get('Connection: close, keep-alive') + NEXT],
  [
    'Connection: keep-alive in HTTP/1.0 with a request behind',
    head('GET /x HTTP/1.0', 'Connection: keep-alive') + NEXT,
  ],
  ['a response', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['a TLS hello', '\x16\x03\x01\0\x05hello\r\n\r\n'],
  ['a method of punctuation', request("!#$%&'*+.^_`|~ /x")],
  ['a method of 40 letters', request(`${'A'.repeat(40)} /x`)],
  ['the method of a newer day', request('QUERY /x')],
];

/** By the name of its source's table where two have the same; the same bytes once. */
export const CASES: readonly Case[] = unique([
  ...OF_OUR_OWN.map(([name, bytes]) => ({ name, pieces: [bytes] })),
  ...[GUNICORN_INVALID, GUNICORN_VALID, H1SPEC, LLHTTP, PROBE_FRAMING, PROBE_SYNTAX].flatMap(({ vectors }) =>
    vectors.filter(({ pieces }) => pieces.length === 1),
  ),
]);

function unique(cases: readonly Case[]): readonly Case[] {
  const seen = new Set<string>();
  const names = new Map<string, number>();
  return cases.flatMap(({ name, pieces }) => {
    const bytes = pieces.join('');
    if (seen.has(bytes) || bytes.length > 20_000) return [];
    seen.add(bytes);
    const count = (names.get(name) ?? 0) + 1;
    names.set(name, count);
    return [{ name: count === 1 ? name : `${name} (${count})`, pieces }];
  });
}
