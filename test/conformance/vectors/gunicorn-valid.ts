import {
  answered,
  chunked,
  closing,
  get,
  head,
  inTurn,
  post,
  refused,
  request,
  served,
  type Table,
  type Vector,
  vector,
} from './vector.ts';

const HELLO = '5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n';
const validHeads: readonly Vector[] = [
  vector(
    'a name of small letters',
    get('aaaaaaaaaaaaa:++++++++++'),
    served('GET /x', '', { HTTP_AAAAAAAAAAAAA: '++++++++++' }),
  ),
  vector('a fragment', request('GET /forums/1?page=1#posts-17408'), answered(400), 'fragment'),
  vector('quotes', request('GET /with_"quotes"?foo="bar"'), served('GET /with_"quotes"?foo="bar"')),
  vector('three slashes', request('GET ///keeping_slashes'), served('GET ///keeping_slashes')),
  vector('a byte beyond ASCII in the target', request('GET /\xc3\xa0%20k'), served('GET /\xc3\xa0%20k')),
  vector(
    'fields repeated',
    get('If-Match: bazinga!', 'If-Match: large-sound'),
    served('GET /x', '', { HTTP_IF_MATCH: 'bazinga!, large-sound' }),
  ),
  vector(
    'blanks and tabs around a value',
    get('Name: \t value \t '),
    served('GET /x', '', { HTTP_NAME: 'value' }),
  ),
  vector(
    'names of other letters than an environ has',
    get('X.Custom|Pipe: ok', 'X_A: a'),
    served('GET /x', '', { HTTP_X_A: undefined }),
  ),
  vector(
    'a value beyond ASCII',
    get('X-Value: caf\xc3\xa9'),
    served('GET /x', '', { HTTP_X_VALUE: 'caf\xc3\xa9' }),
  ),
  vector('a long field', get(`Some: ${'k'.repeat(8000)}`), served('GET /x')),
  vector('a method that nobody knows', request('-BLARGH /foo'), served('-BLARGH /foo')),
  vector(
    'http in the target',
    head('GET http://wire.test/foo?q=1 HTTP/1.1', 'Host: wire.test'),
    served('GET http://wire.test/foo?q=1'),
  ),
  vector(
    'https in the target',
    head('GET https://wire.test/foo HTTP/1.1', 'Host: wire.test'),
    served('GET https://wire.test/foo'),
  ),
  vector(
    'an IPv6 address in the target',
    head('GET http://[::1]:80/foo HTTP/1.1', 'Host: [::1]:80'),
    served('GET http://[::1]:80/foo', '', { HTTP_HOST: '[::1]:80' }),
  ),
  vector(
    'a user in the target',
    head('GET http://u:p@wire.test/foo HTTP/1.1', 'Host: wire.test'),
    refused(400),
    'user',
  ),
  vector('OPTIONS of the asterisk', request('OPTIONS *'), answered(200), 'asterisk'),
  vector('CONNECT', request('CONNECT example.com:443'), refused(405), 'tunnels'),
  vector('CONNECT to an IPv6 address', request('CONNECT [::1]:443'), refused(405), 'tunnels'),
];

const validBodies: readonly Vector[] = [
  vector(
    'a length in HTTP/1.0',
    `${head('PUT /stuff?foo=bar HTTP/1.0', 'Host: wire.test', 'Content-Length: 14')}{"nom": "nom"}`,
    closing(served('PUT /stuff?foo=bar', '{"nom": "nom"}')),
  ),
  vector(
    'a length with GET, in odd letters',
    `${head('GET /x HTTP/1.1', 'Host: wire.test', 'conTENT-Length: 5')}HELLO`,
    served('GET /x', 'HELLO'),
  ),
  vector(
    'identity and a length',
    post(['Transfer-Encoding: identity', 'Content-Length: 5'], 'World'),
    refused(400),
    'codings',
  ),
  vector(
    'one chunk',
    chunked('1e\r\nall your base are belong to us\r\n0\r\n\r\n'),
    served('POST /x', 'all your base are belong to us'),
  ),
  vector(
    'a last chunk of three zeros',
    chunked('5\r\nhello\r\n6\r\n world\r\n000\r\n\r\n'),
    served('POST /x', 'hello world'),
  ),
  vector('zeros before a chunk size', chunked('0005\r\nhello\r\n0\r\n\r\n'), served('POST /x', 'hello')),
  vector(
    'capitals in a chunk size',
    chunked('A\r\n0123456789\r\n0\r\n\r\n'),
    served('POST /x', '0123456789'),
  ),
  vector(
    'trailer fields',
    chunked('5\r\nhello\r\n0\r\nVary: *\r\nX-T: a\r\n\r\n'),
    served('POST /x', 'hello', { HTTP_VARY: undefined, HTTP_X_T: undefined }),
  ),
  vector(
    'chunk extensions with blanks',
    chunked('5; some; a=b\r\nhello\r\n0\r\n\r\n'),
    refused(400),
    'extensions',
  ),
  vector(
    'a quoted chunk extension',
    chunked('5;foo="bar baz"\r\nhello\r\n0\r\n\r\n'),
    served('POST /x', 'hello'),
  ),
  vector('gzip before chunked', post(['Transfer-Encoding: gzip,chunked'], HELLO), refused(501), 'codings'),
  vector(
    'gzip before chunked in two fields',
    post(['Transfer-Encoding: gzip', 'Transfer-Encoding: chunked'], HELLO),
    refused(501),
    'codings',
  ),
  vector(
    'identity before chunked',
    post(['Transfer-Encoding: identity, chunked'], HELLO),
    refused(501),
    'codings',
  ),
  vector(
    'a coding and a length by names with underscores',
    post(['Transfer_Encoding: tricked', 'Content-Length: 7', 'Content_Length: -1E23'], 'tricked'),
    served('POST /x', 'tricked', {
      CONTENT_LENGTH: '7',
      HTTP_TRANSFER_ENCODING: undefined,
      HTTP_CONTENT_LENGTH: undefined,
    }),
  ),
  vector(
    'a coding by a name with an underscore before chunks',
    chunked(HELLO, 'Transfer_Encoding: gzip'),
    served('POST /x', 'hello world', { HTTP_TRANSFER_ENCODING: 'chunked' }),
  ),
];

const FIRST = request('GET /first');
const SECOND = request('GET /second');

const pipelines: readonly Vector[] = [
  vector('two requests', FIRST + SECOND, inTurn(served('GET /first'), served('GET /second'))),
  vector(
    'one behind HTTP/1.0',
    head('GET /first HTTP/1.0', 'Host: wire.test') + SECOND,
    closing(served('GET /first')),
  ),
  vector(
    'one behind Connection: Close',
    request('GET /first', 'Connection: Close') + SECOND,
    closing(served('GET /first')),
  ),
  vector(
    'one behind HTTP/1.0 with Keep-Alive',
    head('GET /first HTTP/1.0', 'Host: wire.test', 'Connection: Keep-Alive') + SECOND,
    inTurn(served('GET /first'), served('GET /second')),
  ),
  vector(
    'one that is a body',
    request('GET /first', `Content-Length: ${SECOND.length}`) + SECOND,
    served('GET /first', SECOND),
  ),
  vector(
    'one behind chunks',
    chunked(HELLO) + SECOND,
    inTurn(served('POST /x', 'hello world'), served('GET /second')),
  ),
];

/** `tests/requests/valid`, with a Host where they have none. */
export const GUNICORN_VALID: Table = {
  source: 'gunicorn tests/requests/valid (benoitc/gunicorn)',
  vectors: [...validHeads, ...validBodies, ...pipelines],
};
