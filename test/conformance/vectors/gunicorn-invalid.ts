import {
  chunked,
  get,
  head,
  post,
  refused,
  request,
  served,
  type Table,
  unfinished,
  type Vector,
  vector,
} from './vector.ts';

const HELLO = '5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n';
const LONG = 'k'.repeat(9000);

const invalidLines: readonly Vector[] = [
  vector('no target', head('GET HTTP/1.1', 'Host: wire.test'), refused(400)),
  vector('line feeds for blanks', 'GET\n/\nHTTP/1.1\r\n\r\n', refused(400)),
  vector('a colon in the method', request('bla:rgh /foo'), refused(400)),
  vector('a colon behind the method', request('GET: /foo', 'Content-Length: 3'), refused(400)),
  vector('a method of small letters behind a dash', request('-bl /foo'), served('-bl /foo'), 'methods'),
  vector('another protocol', head('GET /foo FTP/1.1', 'Host: wire.test'), refused(400)),
  vector('a broken authority of a scheme that nobody knows', request('PUT s://]ufd/:'), refused(400)),
  vector('a minor version of two digits', head('GET /test HTTP/111', 'Host: wire.test'), refused(400)),
  vector('HTTP/0.99', head('GET /foo HTTP/0.99', 'Host: wire.test'), refused(400)),
  vector('HTTP/2.0 in a request line', head('GET /foo HTTP/2.0', 'Host: wire.test'), refused(505)),
  vector('a version of ninety digits', head(`GET /a HTTP/${'1'.repeat(90)}.1`, 'Host: a'), refused(400)),
  vector('NUL in the method', request('GET\0PROXY /foo'), refused(400)),
  vector('NUL behind the method', request('GET\0 /foo'), refused(400)),
  vector('a byte beyond ASCII behind the method', request('GET\xdf /foo'), refused(400)),
  vector('the byte 0xff behind the method', request('GET\xff /foo'), refused(400)),
  vector('the asterisk without OPTIONS', request('GET *'), refused(400)),
  vector('an authority without CONNECT', request('GET example.com:443'), refused(400)),
  vector('a path that does not begin with a slash', request('GET foo/bar'), refused(400)),
  vector('a request line that is too long', request(`PUT /q=${LONG}`), refused(414)),
  vector('a head without an end', 'GET /foo/bar HTTP/1.0\r\nbaz', unfinished),
  vector('a line of the PROXY protocol', 'PROXY TCP4 192.0.2.1 192.0.2.2 1 443\r\n\r\n', refused(400)),
];

const invalidFields: readonly Vector[] = [
  vector('NUL in a name', get('ba\0z: bar'), refused(400)),
  vector('a field that is too long', get(`Some: ${LONG}`), refused(431)),
  vector(
    'more fields than are taken',
    get(...Array.from({ length: 120 }, (_, i) => `h${i}: ${i}`)),
    refused(431),
  ),
  vector('a field without end', `GET / HTTP/1.0\r\nX: ${'y'.repeat(80_000)}`, refused(431)),
  vector('a blank before the colon', post(['Content-Length : 3'], 'xyz'), refused(400)),
  vector('a byte beyond ASCII in a name', post(['Content-Length\xdf: 3'], 'abc'), refused(400)),
  vector('a length of -1', post(['CONTENT-LENGTH: -1'], '{"test": "-1}'), refused(400)),
  vector('a length in letters', post(['CONTENT-LENGTH: bla-bla'], '{"test": "-1}'), refused(400)),
  vector('a length of -0', post(['Content-Length: -0'], ''), refused(400)),
  vector('a length with an underscore', post(['Content-Length: 0_1'], ''), refused(400)),
  vector('a length with a plus', post(['Content-Length: +1'], 'a'), refused(400)),
  vector('a length of two numbers', post(['Content-Length: 0 1'], 'x'), refused(400)),
  vector('a length as a list of the same number', post(['Content-Length: 5, 5'], 'hello'), refused(400)),
  vector('two lengths', post(['Content-Length: 3', 'Content-Length: 2'], 'xyz'), refused(400)),
  vector('two types', post(['Content-Type: a/b', 'Content-Type: c/d'], ''), refused(400)),
  vector('two Hosts', get('Host: evil.example.com'), refused(400)),
  vector(
    'a Host with an equals sign',
    head('GET /test HTTP/1.1', 'Host: 0.0.0.0=5000'),
    refused(400),
    'host',
  ),
  vector('a folded field', get('Long: one', ' two'), refused(400)),
  vector('a bell in a value', get('X-Value: plain\x07injected'), refused(400)),
  vector('DEL in a value', get('X-Value: plain\x7finjected'), refused(400)),
  vector(
    'a length hidden behind a bare line feed',
    'GET / HTTP/1.1\r\nHost: wire.test\r\nNewline: a\nContent-Length: 26\r\n\r\nGET / HTTP/1.1\nHost: x\r\n\r\n',
    refused(400),
  ),
];

const invalidBodies: readonly Vector[] = [
  vector('an underscore in a chunk size', chunked('5\r\nhello\r\n6_0\r\n world\r\n0\r\n\r\n'), refused(400)),
  vector(
    'two framings, a tab before the coding',
    post(['Content-Length: 12', 'Transfer-Encoding: \tchunked'], HELLO),
    refused(400),
  ),
  vector(
    'two framings, the length too short',
    post(['Content-Length: 3', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
    refused(400),
  ),
  vector(
    'chunked twice in one field',
    post(['Transfer-Encoding: identity, chunked, identity, chunked'], HELLO),
    refused(400),
  ),
  vector(
    'chunked twice in four fields',
    post(
      ['identity', 'chunked', 'identity', 'chunked'].map((coding) => `Transfer-Encoding: ${coding}`),
      HELLO,
    ),
    refused(400),
  ),
  vector('chunks in HTTP/1.0', head('POST /x HTTP/1.0', 'Transfer-Encoding: chunked') + HELLO, refused(400)),
  vector(
    'a coding behind chunked',
    post(['Transfer-Encoding: chunked', 'Transfer-Encoding: gzip'], HELLO),
    refused(400),
  ),
  vector(
    'identity behind chunked',
    post(['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], HELLO),
    refused(400),
  ),
  vector('a blank behind the last chunk size', chunked('5\r\nhello\r\n0 \r\n\r\n'), refused(400)),
  vector('a blank before the last chunk size', chunked('5\r\nhello\r\n 0\r\n\r\n'), refused(400)),
  vector('a line feed in a chunk size', chunked('5\n;\r\nhello\r\n0\r\n\r\n'), refused(400)),
  vector('an extension and no chunk size', chunked(' ;foo=bar\r\nhello\r\n0\r\n\r\n'), refused(400)),
  vector('no chunk size', chunked('\r\nhello\r\n0\r\n\r\n'), refused(400)),
  vector('a carriage return in an extension', chunked('5;ext=val\rue\r\nhello\r\n0\r\n\r\n'), refused(400)),
  vector('a minus in a chunk size', chunked('-5\r\nhello\r\n0\r\n\r\n'), refused(400)),
  vector('a plus in a chunk size', chunked('+5\r\nhello\r\n0\r\n\r\n'), refused(400)),
  vector('a last chunk without its end', chunked('0\r\n'), unfinished),
  ...['Content-Length: 99', 'Transfer-Encoding: chunked'].map((field) =>
    vector(`a trailer field ${field}`, chunked(`5\r\nhello\r\n0\r\n${field}\r\n\r\n`), refused(400)),
  ),
  vector(
    'a trailer field Host',
    chunked('5\r\nhello\r\n0\r\nHost: evil.example.com\r\n\r\n'),
    served('POST /x', 'hello', { HTTP_HOST: 'wire.test' }),
    'trailers',
  ),
];

/** `tests/requests/invalid`, with a Host where they have none; what is a setting of gunicorn there is the sidecar's own here. */
export const GUNICORN_INVALID: Table = {
  source: 'gunicorn tests/requests/invalid (benoitc/gunicorn)',
  vectors: [...invalidLines, ...invalidFields, ...invalidBodies],
};
