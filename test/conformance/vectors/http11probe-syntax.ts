import {
  answered,
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

const HOST = 'Host: wire.test';
const HANDSHAKE = ['Upgrade: websocket', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
const VERSION_13 = 'Sec-WebSocket-Version: 13';

const lines: readonly Vector[] = [
  vector('a line feed behind the request line', `GET / HTTP/1.1\n${HOST}\r\n\r\n`, refused(400)),
  vector('a line feed behind a field', `GET / HTTP/1.1\r\n${HOST}\nX-Test: value\r\n\r\n`, refused(400)),
  vector('a carriage return behind the request line', `GET / HTTP/1.1\r${HOST}\r\n\r\n`, refused(400)),
  vector('an empty line before the request', `\r\n${get()}`, served('GET /x')),
  vector('two empty lines before the request', `\r\n\r\n${get()}`, served('GET /x')),
  vector('two blanks before the target', head('GET  / HTTP/1.1', HOST), refused(400)),
  vector('two blanks before the version', head('GET /  HTTP/1.1', HOST), refused(400)),
  vector('a tab before the target', head('GET\t/ HTTP/1.1', HOST), refused(400)),
  vector('a blank in the target', request('GET /pa th'), refused(400)),
  vector('no target', head('GET HTTP/1.1', HOST), refused(400)),
  vector('HTTP/0.9', 'GET /\r\n', unfinished),
  ...['HTTP/9.9', 'HTTP/1', 'HTTP/01.01', 'HTTP/ 1.1', 'http/1.1'].map((version) =>
    vector(`the version "${version}"`, head(`GET / ${version}`, HOST), refused(400)),
  ),
  vector('HTTP/1.2', head('GET / HTTP/1.2', HOST), served('GET /')),
  vector('HTTP/1.0 without Host', head('GET / HTTP/1.0'), closing(served('GET /'))),
  vector('blanks alone', '   \r\n\r\n', refused(400)),
  vector('the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', refused(400)),
  vector('bytes of no meaning', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\xff\xfe\xfd', refused(400)),
  vector('nothing', '', unfinished),
  vector('a head without its end', `GET / HTTP/1.1\r\n${HOST}\r\nX-Test: value`, unfinished),
];

const targets: readonly Vector[] = [
  vector('the asterisk with GET', request('GET *'), refused(400)),
  vector('the asterisk with OPTIONS', request('OPTIONS *'), answered(200)),
  vector('an absolute one', request('GET http://wire.test/'), served('GET http://wire.test/')),
  vector(
    'an absolute one of another host',
    request('GET http://other.test/'),
    served('GET http://other.test/', '', { HTTP_HOST: 'other.test' }),
  ),
  vector('a fragment', request('GET /path#frag'), answered(400)),
  vector('a backslash', request('GET /path\\file'), served('GET /path\\file')),
  vector('NUL', request('GET /\0test'), refused(400)),
  vector('a byte beyond ASCII', request('GET /caf\xc3\xa9'), served('GET /caf\xc3\xa9'), 'bytes'),
  vector('an overlong slash', request('GET /\xc0\xaf'), served('GET /\xc0\xaf'), 'bytes'),
  vector('%00', request('GET /path%00.html'), answered(404)),
  vector(
    'a line end in escapes',
    request('GET /path%0d%0aX-Injected:%20true'),
    served('GET /path%0d%0aX-Injected:%20true', '', { HTTP_X_INJECTED: undefined }),
  ),
  vector('8000 bytes', request(`GET /${'a'.repeat(7980)}`), served(`GET /${'a'.repeat(7980)}`)),
  vector('60,000 bytes', request(`GET /${'a'.repeat(60_000)}`), refused(414)),
];

const methods: readonly Vector[] = [
  vector('small letters', request('get /'), served('get /'), 'methods'),
  vector('one that nobody knows', request('FOOBAR /'), served('FOOBAR /'), 'methods'),
  vector('one of 100 KB', request(`${'A'.repeat(100_000)} /`), refused(414)),
  vector('CONNECT', head('CONNECT wire.test:443 HTTP/1.1', HOST), refused(405)),
  vector('TRACE', request('TRACE /', 'Authorization: Bearer secret'), answered(200), 'trace'),
  vector('TRACE with a body', `${request('TRACE /', 'Content-Length: 5')}hello`, refused(413)),
  vector('HEAD', request('HEAD /'), served('HEAD /')),
];

const fields: readonly Vector[] = [
  vector('folded', get('X-Test: value', ' continued'), refused(400)),
  vector('a blank before the colon', get('X-Test : value'), refused(400)),
  vector('no name', get(': empty-name'), refused(400)),
  vector('a bracket in the name', get('Bad[Name: value'), refused(400)),
  vector('no colon', get('NoColonHere'), refused(400)),
  vector('a line of a blank before the first', head('GET / HTTP/1.1', ' ', HOST), refused(400)),
  vector('a name beyond ASCII', get('X-T\xc3\xabst: value'), refused(400)),
  vector('control characters in a value', get('X-Test: abc\x07\x08\x0bdef'), refused(400)),
  vector('NUL in a value', get('X-Test: val\0ue'), refused(400)),
  vector(
    'a carriage return in a value',
    post(['Content-Length: 5', 'X-Test: val\rue'], 'hello'),
    refused(400),
  ),
  vector('a value of 100 KB', get(`X-Big: ${'B'.repeat(100_000)}`), refused(431)),
  vector('a name of 100 KB', get(`${'A'.repeat(100_000)}: b`), refused(431)),
  vector('10,000 fields', get(...Array.from({ length: 10_000 }, (_, i) => `X-H-${i}: value`)), refused(431)),
  vector('two types', post(['Content-Type: text/plain', 'Content-Type: text/html'], ''), refused(400)),
  vector('an expectation that nobody knows', get('Expect: 200-ok'), refused(417)),
  vector('Connection: close', get('Connection: close'), closing(served('GET /x'))),
  vector('HTTP/1.0', head('GET / HTTP/1.0', HOST), closing(served('GET /'))),
  vector('a range of no numbers', get('Range: bytes=abc-xyz'), served('GET /x')),
  vector('a thousand ranges', get(`Range: bytes=${'0-,'.repeat(1000)}0-`), served('GET /x')),
  vector(
    'a range with POST',
    post(['Content-Length: 5', 'Range: bytes=0-10'], 'hello'),
    served('POST /x', 'hello'),
  ),
  vector('NUL in a cookie', get('Cookie: a=b\0c'), refused(400)),
  vector('control characters in a cookie', get('Cookie: a=\x01\x02'), refused(400)),
  vector('a cookie of 64 KB', get(`Cookie: a=${'b'.repeat(65_536)}`), refused(431)),
  vector('an empty cookie', get('Cookie: '), served('GET /x', '', { HTTP_COOKIE: '' })),
  vector('a cookie of signs alone', get('Cookie: ===;;;'), served('GET /x', '', { HTTP_COOKIE: '===;;;' })),
  vector(
    'two cookie fields',
    get('Cookie: a=1', 'Cookie: b=2'),
    served('GET /x', '', { HTTP_COOKIE: 'a=1, b=2' }),
  ),
  vector('two requests', get() + get(), inTurn(served('GET /x'), served('GET /x'))),
];

const hosts: readonly Vector[] = [
  vector('none', head('GET / HTTP/1.1'), refused(400)),
  vector('empty', head('GET / HTTP/1.1', 'Host: '), refused(400)),
  vector('two different ones', get('Host: other.test'), refused(400)),
  vector('two that are the same', get(HOST), refused(400)),
  vector('a user', head('GET / HTTP/1.1', 'Host: user@wire.test'), refused(400)),
  vector('a path', head('GET / HTTP/1.1', 'Host: wire.test/path'), refused(400)),
  vector('two in one field', head('GET / HTTP/1.1', 'Host: wire.test, other.test'), refused(400)),
];

const upgrades: readonly Vector[] = [
  vector('by POST', post(['Connection: Upgrade', ...HANDSHAKE, VERSION_13], ''), served('POST /x')),
  vector(
    'without Connection',
    get(...HANDSHAKE, VERSION_13),
    served('GET /x', '', { HTTP_UPGRADE: undefined }),
  ),
  vector(
    'to a protocol that nobody knows',
    get('Connection: Upgrade', 'Upgrade: made-up/1.0'),
    served('GET /x'),
  ),
  vector(
    'in HTTP/1.0',
    head('GET /x HTTP/1.0', HOST, 'Connection: Upgrade', ...HANDSHAKE, VERSION_13),
    closing(served('GET /x')),
  ),
  vector(
    'to a version that does not exist',
    get('Connection: Upgrade', ...HANDSHAKE, 'Sec-WebSocket-Version: 99'),
    closing(served('GET /x')),
  ),
];

/** The points of Http11Probe on request lines, targets, fields and upgrades. */
export const PROBE_SYNTAX: Table = {
  source: 'Http11Probe, syntax (MDA2AV/Http11Probe)',
  vectors: [...lines, ...targets, ...methods, ...fields, ...hosts, ...upgrades],
};
