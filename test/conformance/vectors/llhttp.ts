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
  unfinished,
  type Vector,
  vector,
} from './vector.ts';

const WORLD = '5\r\nWorld\r\n0\r\n\r\n';
const MERGED = 'x:x\nTransfer-Encoding: chunked';

const connections: readonly Vector[] = [
  vector('keep-alive said', get('Connection: keep-alive'), served('GET /x')),
  vector(
    'an empty line between requests',
    `${post(['Content-Length: 4'], 'q=42')}\r\n${get()}`,
    inTurn(served('POST /x', 'q=42'), served('GET /x')),
  ),
  vector('close followed by a tab', get('Connection: close\t'), closing(served('GET /x'))),
  vector(
    'a request behind close followed by a tab',
    get('Connection: close\t') + get(),
    closing(served('GET /x')),
  ),
  vector(
    'close among other tokens',
    get('Connection: close, token, upgrade, token, keep-alive'),
    closing(served('GET /x')),
  ),
  vector('a carriage return in a token', get('Connection: keep\ralive'), refused(400)),
  vector(
    'a folded list of tokens',
    get('Connection: Something,', ' Upgrade, ,Keep-Alive', 'Upgrade: ws'),
    refused(400),
    'folding',
  ),
  vector(
    'a blank before the colon',
    post(['Connection : upgrade', 'Content-Length: 4', 'Upgrade: ws'], 'abcd'),
    refused(400),
  ),
  vector(
    'an upgrade to a protocol that is not spoken',
    get('Connection: upgrade', 'Upgrade: ws'),
    served('GET /x', '', { HTTP_UPGRADE: undefined }),
  ),
  vector(
    'an upgrade with a body',
    post(['Connection: Upgrade', 'Upgrade: HTTP/2.0', 'Content-Length: 15'], 'sweet post body'),
    served('POST /x', 'sweet post body'),
  ),
  vector(
    'a version of HTTP/1.0 keeps no connection',
    head('PUT /url HTTP/1.0', 'Host: wire.test') + get(),
    closing(served('PUT /url')),
  ),
];

const lengths: readonly Vector[] = [
  vector(
    'zeros before a length',
    post(['Content-Length: 003', 'Ohai: world'], 'abc'),
    served('POST /x', 'abc', { HTTP_OHAI: 'world' }),
  ),
  vector('a length beyond 64 bits', get(`Content-Length: 1${'0'.repeat(21)}`), refused(400)),
  vector('two lengths', post(['Content-Length: 1', 'Content-Length: 2'], 'a'), refused(400)),
  vector(
    'a length and identity',
    post(['Content-Length: 1', 'Transfer-Encoding: identity'], 'a'),
    refused(400),
  ),
  vector(
    'blanks around a length',
    post(['Content-Length:  42 '], 'a'.repeat(42)),
    served('POST /x', 'a'.repeat(42)),
  ),
  vector(
    'tabs around a length',
    post(['Content-Length:\t42\t  '], 'a'.repeat(42)),
    served('POST /x', 'a'.repeat(42)),
  ),
  vector('a blank in a length', get('Content-Length: 4 2'), refused(400)),
  vector('an empty length', get('Content-Length:'), refused(400)),
  vector('a carriage return for the dash', get('Content\rLength: 003'), refused(400)),
  vector('a carriage return before the body', `${get('Content-Length: 3').slice(0, -2)}\rabc`, refused(400)),
  vector('a body that does not come', post(['Content-Length: 100'], ''), unfinished),
  vector('half a field name', `${get().slice(0, -2)}Content-Leng`, unfinished),
];

const invalid: readonly Vector[] = [
  ...['ICE/1.0', 'IHTTP/1.0', 'RTSP/1.0', 'HTTP/5.6'].map((protocol) =>
    vector(`GET of ${protocol}`, head(`GET /music/sweet ${protocol}`, 'Host: wire.test'), refused(400)),
  ),
  vector('a method of RTSP', request('ANNOUNCE /music/sweet'), served('ANNOUNCE /music/sweet'), 'methods'),
  vector(
    'a method of RTSP and its protocol',
    head('ANNOUNCE /music RTSP/1.0', 'Host: wire.test'),
    refused(400),
  ),
  vector('SOURCE of ICE', head('SOURCE /music ICE/1.0', 'Host: wire.test'), refused(400)),
  vector('OPTIONS of RTSP', head('OPTIONS /music RTSP/1.0', 'Host: wire.test'), refused(400)),
  vector('a carriage return between fields', get('Foo: 1\rBar: 2'), refused(400)),
  vector('a line feed between fields', post([MERGED], '1\r\nA\r\n0\r\n\r\n'), refused(400)),
  vector(
    'an empty value and a carriage return',
    post([MERGED.replace('x\n', '\r')], '1\r\nA\r\n0\r\n\r\n'),
    refused(400),
  ),
  vector(
    'an empty value and a line feed',
    post([MERGED.replace('x\n', '\n')], '1\r\nA\r\n0\r\n\r\n'),
    refused(400),
  ),
  vector(
    'a request behind close and a carriage return',
    'GET / HTTP/1.1\r\nConnection: close\r\nHost: wire.test\r\n\rZGET /evil: HTTP/1.1\r\nHost: wire.test\r\n\r\n',
    refused(400),
  ),
  vector('an at sign in a name', get('Fo@: Failure'), refused(400)),
  vector('a control character in a name', get('Foo\x01test: Bar'), refused(400)),
  vector('no name', get(': Bar'), refused(400)),
  vector('a method that is nearly one', request('MKCOLA /'), served('MKCOLA /'), 'methods'),
  vector('a folded name', get('name', ' : value'), refused(400)),
  vector(
    'a carriage return and bytes beyond ASCII in a name',
    get('Connection\r\x1b5\xd5eep-Alive'),
    refused(400),
  ),
  vector(
    'a length behind a line feed',
    `${get('Dummy: x\nContent-Length: 23')}GET /y HTTP/1.1\r\nX: ${get()}`,
    refused(400),
  ),
  vector('a blank before the first field', head('GET / HTTP/1.1', ' Host: wire.test'), refused(400)),
  vector(
    'line feeds alone',
    `POST / HTTP/1.1\nHost: wire.test\nTransfer-Encoding: chunked\n\n1\nA\n0\n\n`,
    refused(400),
  ),
  vector('a blank before a length', `${get('Foo: bar', ' Content-Length: 38')}${get()}`, refused(400)),
  vector('a form feed in a value', get('Header1: hello\fworld'), refused(400)),
  vector('no version', 'GET /\r\n\r\n', refused(505)),
  vector('a carriage return for the first line end', 'GET / HTTP/1.1\rLine: 1\r\n\r\n', refused(400)),
  vector('a folded value', get('Line1:   abc', '\tdef', ' ghi'), refused(400), 'folding'),
  vector('a value that begins in the next line', get('Line3:', ' line3'), refused(400), 'folding'),
  vector('a fold that ends the connection', get('Connection:', ' close'), refused(400), 'folding'),
  vector(
    'a folded certificate',
    get('X-SSL-Nonsense:   -----BEGIN', '\tMIIFbTCCBFWgAwIBAgIC'),
    refused(400),
    'folding',
  ),
];

const methods: readonly Vector[] = [
  ...['REPORT', 'PURGE', 'SEARCH', 'LINK', 'UNLINK', 'SOURCE', 'PATCH', 'HEAD'].map((method) =>
    vector(`${method}`, request(`${method} /file.txt`), served(`${method} /file.txt`)),
  ),
  vector(
    'QUERY with a body',
    `${request('QUERY /contacts', 'Content-Length: 3')}sel`,
    served('QUERY /contacts', 'sel'),
  ),
  vector('M-SEARCH of the asterisk', request('M-SEARCH *', 'Man: "ssdp:discover"'), refused(400)),
  vector('the preface of HTTP/2', 'PRI * HTTP/1.1\r\n\r\nSM\r\n\r\n', refused(400)),
  vector(
    'CONNECT with a body',
    `${head('CONNECT a.test:443 HTTP/1.0', 'Content-Length: 10')}blarfcicle`,
    refused(405),
  ),
  vector('CONNECT of a name with an underscore', head('CONNECT home_0.test:443 HTTP/1.0'), refused(405)),
];

const codings: readonly Vector[] = [
  vector(
    'a chunk size of a small letter',
    chunked('a\r\n0123456789\r\n0\r\n\r\n'),
    served('POST /x', '0123456789'),
  ),
  vector('chunk extensions', chunked('5;ilovew3;a=b;c=d\r\nWorld\r\n0\r\n\r\n'), served('POST /x', 'World')),
  vector('no semicolon before an extension', chunked('2 erfrferferf\r\naa\r\n0 rrrr\r\n\r\n'), refused(400)),
  vector('nothing behind a semicolon', chunked('2;\r\naa\r\n0\r\n\r\n'), refused(400)),
  vector(
    'escapes in a quoted extension',
    chunked('5;a="I \\"love\\"; \\\\extensions\\\\";b\r\nWorld\r\n0\r\n\r\n'),
    served('POST /x', 'World'),
  ),
  vector('a quote that does not end', chunked('5;a="abc";b="def; ghi\r\nWorld\r\n0\r\n\r\n'), refused(400)),
  vector('a coding that nobody knows', post(['Transfer-Encoding: pigeons'], ''), refused(501)),
  vector(
    'three empty codings and a length',
    post(
      ['Content-Length: 10', ...Array.from({ length: 3 }, () => 'Transfer-Encoding:')],
      '2\r\nAA\r\n0\r\n\r\n',
    ),
    refused(400),
  ),
  vector('deflate behind chunked', post(['Transfer-Encoding: chunked, deflate'], WORLD), refused(400)),
  vector(
    'deflate behind chunked in two fields',
    post(['Transfer-Encoding: chunked', 'Transfer-Encoding: deflate'], WORLD),
    refused(400),
  ),
  vector(
    'deflate before chunked',
    post(['Transfer-Encoding: deflate, chunked'], WORLD),
    refused(501),
    'codings',
  ),
  vector(
    'deflate before chunked in two fields',
    post(['Transfer-Encoding: deflate', 'Transfer-Encoding: chunked'], WORLD),
    refused(501),
    'codings',
  ),
  vector('chunkedchunked', post(['Transfer-Encoding: chunkedchunked'], WORLD), refused(501)),
  vector('no last chunk', chunked('3\r\nfoo\r\n'), unfinished),
  vector('a line feed behind a chunk size', chunked('3 \n  \r\n\r\nfoo'), refused(400)),
  vector('a folded coding', post(['Transfer-Encoding: chunked', '  abc'], WORLD), refused(400)),
  vector(
    'carriage returns behind a chunk size',
    chunked(`5\r\r;ABCD\r\n34\r\nE\r\n0\r\n\r\n${get('Content-Length: 5')}0\r\n\r\n`),
    refused(400),
  ),
  vector('chunk data without their end', chunked('5\r\nABCDE0\r\n\r\n'), refused(400)),
  vector('a blank behind a chunk size', chunked('a \r\n0123456789\r\n0\r\n\r\n'), refused(400)),
];

const targets: readonly Vector[] = [
  vector('two question marks', request('GET /test.cgi?foo=bar?baz'), served('GET /test.cgi?foo=bar?baz')),
  vector('a bar', request('GET /test.cgi?query=|'), served('GET /test.cgi?query=|')),
  vector(
    'a host that a query ends',
    request('GET http://wire.test?hail=all'),
    served('GET http://wire.test?hail=all'),
  ),
  vector(
    'a host and a port that a query ends',
    request('GET http://wire.test:80?hail=all'),
    served('GET http://wire.test:80?hail=all'),
  ),
  vector('a host and a port alone', request('GET http://wire.test:80'), served('GET http://wire.test:80')),
  vector(
    'letters beyond ASCII',
    request('GET /\xce\xb4/pope?q=1'),
    served('GET /\xce\xb4/pope?q=1'),
    'bytes',
  ),
  vector('a user', request('GET http://a%12:b!&*$@wire.test/toto'), refused(400), 'user'),
  vector('a blank', request('GET /foo bar/'), refused(400)),
  vector(
    'an empty line before the request',
    `\r\n${get('Test: D\xfcsseldorf')}`,
    served('GET /x', '', { HTTP_TEST: 'D\xfcsseldorf' }),
  ),
  vector(
    'the byte 0xff in a value',
    get('Header2: \xffValue2'),
    served('GET /x', '', { HTTP_HEADER2: '\xffValue2' }),
  ),
  vector(
    'three requests with bodies',
    ['AAA', 'BBBB', 'CCCCC'].map((body) => post([`Content-Length: ${body.length}`], body)).join(''),
    inTurn(...['AAA', 'BBBB', 'CCCCC'].map((body) => served('POST /x', body))),
  ),
  vector('a question to the server itself', request('OPTIONS *'), answered(200)),
];

/** `test/request/*.md`, strict mode, with a Host where they have none: the parser that Node is built on, asked from outside. */
export const LLHTTP: Table = {
  source: 'llhttp test/request (nodejs/llhttp)',
  vectors: [...connections, ...lengths, ...invalid, ...methods, ...codings, ...targets],
};
