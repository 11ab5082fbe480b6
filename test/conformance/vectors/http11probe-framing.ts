import {
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

const CHUNKS = '5\r\nhello\r\n0\r\n\r\n';
const NEXT = get();

/** Each followed by a request: were the body read otherwise, that would be seen. */
const both = (name: string, fields: readonly string[], body: string, status = 400): Vector =>
  vector(name, post(fields, body) + NEXT, refused(status));

const lengths: readonly Vector[] = [
  vector('005', post(['Content-Length: 005'], 'hello'), served('POST /x', 'hello')),
  vector('00', post(['Content-Length: 00'], ''), served('POST /x')),
  vector(
    '0200, which is no octal number',
    post(['Content-Length: 0200'], 'A'.repeat(200)),
    served('POST /x', 'A'.repeat(200)),
  ),
  vector('a blank behind the number', post(['Content-Length: 5 '], 'hello'), served('POST /x', 'hello')),
  vector('two blanks before the number', post(['Content-Length:  5'], 'hello'), served('POST /x', 'hello')),
  vector('a tab before the number', post(['Content-Length:\t5'], 'hello'), served('POST /x', 'hello')),
  ...[
    '-1',
    '-0',
    '+5',
    '0o5',
    '0x5',
    '1 0',
    '1_0',
    '5, 10',
    '5, 5',
    '5, 5, 5',
    'abc',
    '9'.repeat(20),
    ' ',
  ].map((length) => both(`the length "${length}"`, [`Content-Length: ${length}`], 'hello')),
  both('two lengths, the second longer', ['Content-Length: 5', 'Content-Length: 10'], 'helloworld'),
  both(
    'two lengths around a request',
    ['Content-Length: 4', `Content-Length: ${NEXT.length + 5}`],
    `PING\n${NEXT}`,
  ),
  vector(
    'a length of 0 and a byte more',
    `${post(['Content-Length: 0'], 'X')}${NEXT}`,
    inTurn(served('POST /x'), served('XGET /x')),
    'methods',
  ),
  vector('none with POST', post([], ''), served('POST /x')),
  vector('more than is sent', post(['Content-Length: 10'], 'hello'), unfinished),
  vector('a gigabyte and more that does not come', post(['Content-Length: 9999999999'], ''), refused(413)),
  vector(
    'Content_Length beside Content-Length',
    post(['Content-Length: 11', 'Content_Length: 99'], 'hello world'),
    served('POST /x', 'hello world', { CONTENT_LENGTH: '11', HTTP_CONTENT_LENGTH: undefined }),
  ),
  both(
    'a second length with a blank before its colon',
    ['Content-Length: 11', 'Content-Length : 5'],
    'hello world',
  ),
  both('a tab in the name', ['Content-Length: 11', 'Content\tLength: 99'], 'hello world'),
];

const codings: readonly Vector[] = [
  ...[
    'chunked',
    'Chunked',
    'xchunked',
    'chunked ',
    'chunked, chunked',
    ', chunked',
    'chunked,',
    'identity',
    'chunked;ext=val',
    '',
    '\tchunked',
    '\vchunked',
    '\fchunked',
    'chunked\0',
  ].map((coding) =>
    both(
      `${JSON.stringify(coding)} and a length`,
      [`Transfer-Encoding: ${coding}`, 'Content-Length: 5'],
      CHUNKS,
    ),
  ),
  both(
    'a length and chunked, whose body hides a request',
    [`Content-Length: ${NEXT.length + 5}`, 'Transfer-Encoding: chunked'],
    `0\r\n\r\n${NEXT}`,
  ),
  both(
    'a length with a plus and chunked',
    [`Content-Length: +${NEXT.length + 5}`, 'Transfer-Encoding: chunked'],
    `0\r\n\r\n${NEXT}`,
  ),
  both(
    'chunked and a short length, whose chunk hides a request',
    ['Transfer-Encoding: chunked', 'Content-Length: 4'],
    `${NEXT.length.toString(16)}\r\n${NEXT}\r\n0\r\n\r\n`,
  ),
  both(
    'two codings and a length',
    ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity', 'Content-Length: 5'],
    CHUNKS,
  ),
  both('a blank before the colon', ['Transfer-Encoding : chunked', 'Content-Length: 5'], CHUNKS),
  both('a folded coding and a length', ['Transfer-Encoding:', ' chunked', 'Content-Length: 5'], CHUNKS),
  both('gzip alone', ['Transfer-Encoding: gzip'], 'hello', 501),
  both('gzip behind chunked', ['Transfer-Encoding: chunked, gzip'], '0\r\n\r\n'),
  vector(
    'chunked in HTTP/1.0',
    head('POST /x HTTP/1.0', 'Host: wire.test', 'Transfer-Encoding: chunked') + CHUNKS + NEXT,
    refused(400),
  ),
  vector(
    'Transfer_Encoding and a length',
    post(['Transfer_Encoding: chunked', 'Content-Length: 5'], 'hello'),
    served('POST /x', 'hello', { HTTP_TRANSFER_ENCODING: undefined }),
  ),
  vector('TRANSFER-ENCODING', post(['TRANSFER-ENCODING: chunked'], CHUNKS), served('POST /x', 'hello')),
];

const chunks: readonly Vector[] = [
  vector('several', chunked('5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n'), served('POST /x', 'hello world')),
  vector('none but the last', chunked('0\r\n\r\n'), served('POST /x')),
  vector('a size in capitals', chunked('A\r\nhelloworld\r\n0\r\n\r\n'), served('POST /x', 'helloworld')),
  vector('no last one', chunked('5\r\nhello\r\n'), unfinished),
  vector('an extension', chunked('5;ext=value\r\nhello\r\n0\r\n\r\n'), served('POST /x', 'hello')),
  vector(
    'an extension of 64 KiB',
    chunked(`5;ext=${'a'.repeat(65_536)}\r\nhello\r\n0\r\n\r\n`),
    refused(413),
  ),
  ...[
    ['a semicolon and nothing', '5;\r\nhello\r\n'],
    ['a bracket in the name of an extension', '5;bad[=x\r\nhello\r\n'],
    ['an underscore in a size', '1_0\r\nhello world!!!!!\r\n'],
    ['0x before a size', '0x5\r\nhello\r\n'],
    ['a plus before a size', '+5\r\nhello\r\n'],
    ['a plus before the last size', '+0\r\n\r\nX'],
    ['a minus before a size', '-1\r\nhello\r\n'],
    ['a blank before a size', ' 5\r\nhello\r\n'],
    ['a blank behind a size', '5 \r\nhello\r\n'],
    ['a size beyond 64 bits', 'FFFFFFFFFFFFFFFF0\r\nhello\r\n'],
    ['data without their end', '5\r\nhello'],
    ['more data than announced', '5\r\nhello!!\r\n'],
    ['a line feed for the end of data', '5\r\nhello\n'],
    ['a line feed in an extension', '5;\nhello\r\n'],
    ['a carriage return for the end of a size', '5\rhello\r\n'],
    ['a carriage return in an extension', '5;a\rX\r\nhello\r\n'],
    ['NUL in an extension', '5;\0ext\r\nhello\r\n'],
    ['a line feed for the last line end', '5\r\nhello\r\n0\r\n\n'],
  ].map(([name = '', text = '']) => vector(name, `${chunked(text)}0\r\n\r\n${NEXT}`, refused(400))),
  ...['Content-Length: 50', 'Transfer-Encoding: chunked'].map((field) =>
    vector(`a trailer field ${field}`, chunked(`5\r\nhello\r\n0\r\n${field}\r\n\r\n`) + NEXT, refused(400)),
  ),
  ...['X-Checksum: abc', 'Host: evil.test', 'Authorization: Bearer evil', 'Content-Type: text/evil'].map(
    (field) =>
      vector(
        `a trailer field ${field}`,
        chunked(`5\r\nhello\r\n0\r\n${field}\r\n\r\n`) + NEXT,
        inTurn(
          served('POST /x', 'hello', {
            HTTP_HOST: 'wire.test',
            HTTP_X_CHECKSUM: undefined,
            HTTP_AUTHORIZATION: undefined,
            CONTENT_TYPE: undefined,
          }),
          served('GET /x'),
        ),
      ),
  ),
];

const bodies: readonly Vector[] = [
  ...['GET', 'HEAD', 'OPTIONS', 'DELETE'].map((method) =>
    vector(
      `a body with ${method}`,
      `${request(`${method} /x`, 'Content-Length: 5')}hello${NEXT}`,
      inTurn(served(`${method} /x`, 'hello'), served('GET /x')),
    ),
  ),
  vector(
    'a body that begins a request, and the request that would end it',
    `${request('GET /a', 'Content-Length: 17')}GET /b HTTP/1.1\r\n${NEXT}`,
    inTurn(served('GET /a', 'GET /b HTTP/1.1\r\n'), served('GET /x')),
  ),
  vector(
    'a body that was not asked for yet',
    post(['Content-Length: 5', 'Expect: 100-continue'], 'hello') + NEXT,
    inTurn(served('POST /x', 'hello'), served('GET /x')),
  ),
  vector(
    'no 100 in HTTP/1.0',
    `${head('POST /x HTTP/1.0', 'Host: wire.test', 'Expect: 100-continue', 'Content-Length: 5')}hello`,
    closing(served('POST /x', 'hello')),
  ),
];

/** The points of Http11Probe on where a body ends. */
export const PROBE_FRAMING: Table = {
  source: 'Http11Probe, smuggling and bodies (MDA2AV/Http11Probe)',
  vectors: [...lengths, ...codings, ...chunks, ...bodies],
};
