import { chunked, get, head, post, refused, request, served, type Table, vector } from './vector.ts';

const WHOLE = request('GET /hello');

/** A head that stops in the middle is waited for, and served once the rest has come. */
function cut(name: string, end: string) {
  const at = WHOLE.indexOf(end) + end.length;
  return vector(
    `waits for the rest after ${name}`,
    [WHOLE.slice(0, at), WHOLE.slice(at)],
    served('GET /hello'),
  );
}

/** The 33 checks of h1spec. */
export const H1SPEC: Table = {
  source: 'h1spec (uNetworking/h1spec)',
  vectors: [
    cut('one letter of the method', 'G'),
    cut('the method', 'GET '),
    cut('the path', 'GET /hello'),
    cut('the path and a blank', 'GET /hello '),
    cut('the protocol', 'GET /hello HTTP'),
    cut('the version', 'GET /hello HTTP/1.1'),
    cut('half a line end', 'HTTP/1.1\r'),
    cut('a line end', 'HTTP/1.1\r\n'),
    cut('half a field name', '\r\nHos'),
    cut('a field name', 'Host:'),
    cut('a field name and a blank', 'Host: '),
    cut('a field value', 'Host: wire.test'),
    cut('a field and half a line end', 'Host: wire.test\r'),
    cut('a field and a line end', 'Host: wire.test\r\n'),
    cut('all but the last byte', 'Host: wire.test\r\n\r'),
    vector('no version', head('GET / '), refused(400)),
    vector(
      'a body that is not there is not waited for',
      request('GET /', 'Expect: 100-continue'),
      served('GET /'),
    ),
    vector('a plain request', request('GET /'), served('GET /')),
    vector(
      'names in any case, tabs, and an empty value',
      head('GET / HTTP/1.1', 'hoSt:\twire.test', 'empty:'),
      served('GET /', '', { HTTP_HOST: 'wire.test', HTTP_EMPTY: '' }),
    ),
    vector('brackets in a field name', get('X-Odd[]: a'), refused(400)),
    vector('no Host', head('GET / HTTP/1.1', 'Content-Length: 5'), refused(400)),
    vector('two Hosts', get('Host: other.test'), refused(400)),
    vector(
      'a negative length beyond 64 bits',
      get(`Content-Length: -${'123456789'.repeat(3)}`),
      refused(400),
    ),
    vector('a negative length', get('Content-Length: -1234'), refused(400)),
    vector('a length in letters', get('Content-Length: abc'), refused(400)),
    vector('an empty value behind a blank', get('X-Empty: '), served('GET /x', '', { HTTP_X_EMPTY: '' })),
    vector('a control character in a value', get('X-Bell: test\x07'), refused(400)),
    vector('a version that does not exist', head('GET / HTTP/9.9', 'Host: wire.test'), refused(400)),
    vector('words before the method', head('Extra lineGET / HTTP/1.1', 'Host: wire.test'), refused(400)),
    vector('a carriage return behind the head', `${get().slice(0, -2)}\rSome-Field: a\r\n\r\n`, refused(400)),
    vector('a body of a length', post(['Content-Length: 5'], 'hello'), served('POST /x', 'hello')),
    vector(
      'a body of one chunk',
      chunked('c\r\nHellO world1\r\n0\r\n\r\n'),
      served('POST /x', 'HellO world1'),
    ),
    vector(
      'two framings, whatever the case of their names',
      post(['content-LengtH: 5', 'TransFer-Encoding: chunked'], 'c\r\nHellO world1\r\n0\r\n\r\n'),
      refused(400),
    ),
  ],
};
