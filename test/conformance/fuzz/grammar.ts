/** What a client that means harm may send: requests built from a grammar, most of them nearly right, cut into pieces anywhere. */
import { fc } from '../../support/property.ts';

/** A connection's bytes, latin-1, and the places where they are cut. */
export type Attack = { readonly bytes: string; readonly cuts: readonly number[] };

const often = <T>(usual: T, ...odd: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(usual) }, { weight: 3, arbitrary: fc.constantFrom(...odd) });

const method = fc.constantFrom(
  'GET',
  'POST',
  'PUT',
  'HEAD',
  'DELETE',
  'OPTIONS',
  'PROPFIND',
  'get',
  'head',
  'BREW',
  'A'.repeat(60),
  'G@T',
  'GET\t',
  '',
);
const target = often(
  '/app/x',
  '/app/',
  '/app/%2e%2e/',
  '/app//a',
  '/app/a?b=c',
  '/app/a#b',
  '*',
  'http://fuzz.test/app/y',
  'http://evil.test/app',
  '/app/\xe9',
  '/app/\xc3\xa9?\xff\x80',
  'http:/app/z',
  '/app/ x',
);
const version = often(
  'HTTP/1.1',
  'HTTP/1.0',
  'HTTP/1.2',
  'HTTP/1.9',
  'HTTP/2.0',
  'HTTP/0.9',
  'http/1.1',
  'HTTP/1.1 ',
  'HTTP/1.10',
  '',
);
const lineEnd = often('\r\n', '\n', '\r', '\r\r\n', '\n\r\n');
const space = often(' ', '  ', '\t', ' \t');

const host = often(
  'Host: fuzz.test\r\n',
  '',
  'Host: fuzz.test\r\nHost: fuzz.test\r\n',
  'Host: fuzz.test\r\nHost: b\r\n',
  'Host: \r\n',
  'Host: a b\r\n',
  'Host: a/b\r\n',
  'Host:fuzz.test:80\r\n',
  'Host : fuzz.test\r\n',
  ' Host: fuzz.test\r\n',
);

const oddField = fc.constantFrom(
  'X-A: b\r\n',
  'X_A: b\r\n',
  'X-A : b\r\n',
  'X-A: a\r\n b\r\n',
  'X-A:\r\n',
  ': b\r\n',
  'X-A\r\n',
  'X-A: a\0b\r\n',
  'X-A: a\rb\r\n',
  'X-A: a\nb\r\n',
  'Proxy: http://evil\r\n',
  'X-Sidecar-Request: {}\r\n',
  'x-sidecar-mount: {}\r\n',
  'Connection: Host\r\n',
  'Connection: close\r\n',
  'Connection: keep-alive\r\n',
  'Connection: upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n',
  'Expect: 100-continue\r\n',
  'Expect: x\r\n',
  'Trailer: Host\r\n',
  'TE: trailers\r\n',
  'Content-Type: a\r\nContent-Type: b\r\n',
  'X-\xe9: b\r\n',
  'X-A: \xe9\r\n',
  '\tX: y\r\n',
);

const data = fc.stringMatching(/^[ -~]{0,40}$/);
const smuggled = fc.constant('GET /app/smuggled HTTP/1.1\r\nHost: fuzz.test\r\n\r\n');
const body = fc.oneof({ weight: 4, arbitrary: data }, { weight: 1, arbitrary: smuggled });

/** Framing fields and the bytes that follow the head. */
const framing: fc.Arbitrary<readonly [string, string]> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(['', ''] as const) },
  { weight: 6, arbitrary: body.map((text) => [`Content-Length: ${text.length}\r\n`, text] as const) },
  {
    weight: 5,
    arbitrary: fc
      .tuple(chunkedField(), fc.array(body, { maxLength: 3 }), chunkOddity())
      .map(([field, parts, odd]) => [field, chunk(parts, odd)] as const),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(oddLength(), body).map(([field, text]) => [field(text.length), text] as const),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(chunkedField(), body)
      .map(
        ([field, text]) =>
          [`${field}Content-Length: ${text.length}\r\n`, `${chunk([text], 'none')}`] as const,
      ),
  },
);

function chunkedField(): fc.Arbitrary<string> {
  return often(
    'Transfer-Encoding: chunked\r\n',
    'transfer-encoding: Chunked\r\n',
    'Transfer-Encoding: chunked, identity\r\n',
    'Transfer-Encoding: identity, chunked\r\n',
    'Transfer-Encoding: xchunked\r\n',
    'Transfer-Encoding:\tchunked\r\n',
    'Transfer-Encoding : chunked\r\n',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n',
    'Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n',
    'Transfer-Encoding:\x0bchunked\r\n',
    'Transfer-Encoding\r\n: chunked\r\n',
    'Transfer_Encoding: chunked\r\n',
    'Transfer-Encoding: "chunked"\r\n',
    'Transfer-Encoding: chunked;a=b\r\n',
  );
}

function oddLength(): fc.Arbitrary<(length: number) => string> {
  return fc.constantFrom<(length: number) => string>(
    (n) => `Content-Length: ${n}\r\nContent-Length: ${n}\r\n`,
    (n) => `Content-Length: ${n}\r\nContent-Length: ${n + 1}\r\n`,
    (n) => `Content-Length: ${n}, ${n}\r\n`,
    (n) => `Content-Length: +${n}\r\n`,
    (n) => `Content-Length: -${n}\r\n`,
    (n) => `Content-Length: 0x${n.toString(16)}\r\n`,
    (n) => `Content-Length: ${n} \r\n`,
    (n) => `Content-Length: 0${n}\r\n`,
    (n) => `Content-Length : ${n}\r\n`,
    (n) => `Content-Length: ${n}a\r\n`,
    (n) => `Content_Length: ${n}\r\n`,
    (n) => `Content-Length: ${n}\r\n ${n}\r\n`,
    () => 'Content-Length: \r\n',
    () => 'Content-Length: 99999999999999999999\r\n',
  );
}

type ChunkOddity =
  | 'none'
  | 'extension'
  | 'long-extension'
  | 'lf'
  | 'no-end'
  | 'size-0x'
  | 'size-blank'
  | 'size-short'
  | 'size-huge'
  | 'trailer'
  | 'trailer-host'
  | 'bad-trailer';

function chunkOddity(): fc.Arbitrary<ChunkOddity> {
  return often<ChunkOddity>(
    'none',
    'extension',
    'long-extension',
    'lf',
    'no-end',
    'size-0x',
    'size-blank',
    'size-short',
    'size-huge',
    'trailer',
    'trailer-host',
    'bad-trailer',
  );
}

function chunk(parts: readonly string[], odd: ChunkOddity): string {
  const end = odd === 'lf' ? '\n' : '\r\n';
  const chunks = parts
    .filter((part) => part !== '')
    .map((part) => `${sizeOf(part.length, odd)}${end}${part}${end}`);
  const trailers =
    {
      trailer: 'X-T: a\r\n',
      'trailer-host': 'Host: evil.test\r\nContent-Length: 7\r\n',
      'bad-trailer': 'X T\r\n',
    }[odd as string] ?? '';
  return odd === 'no-end' ? chunks.join('') : `${chunks.join('')}0${end}${trailers}${end}`;
}

function sizeOf(length: number, odd: ChunkOddity): string {
  const hex = length.toString(16);
  switch (odd) {
    case 'extension':
      return `${hex};a="b"`;
    case 'long-extension':
      return `${hex};${'a'.repeat(20_000)}`;
    case 'size-0x':
      return `0x${hex}`;
    case 'size-blank':
      return ` ${hex}`;
    case 'size-short':
      return Math.max(1, length - 1).toString(16);
    case 'size-huge':
      return `10000000000000000${hex}`;
    default:
      return hex;
  }
}

const request = fc
  .tuple(
    method,
    target,
    version,
    fc.tuple(space, space, lineEnd),
    host,
    fc.array(oddField, { maxLength: 2 }),
    framing,
  )
  .map(([verb, uri, protocol, [first, second, end], hostField, odd, [fields, rest]]) => {
    return `${verb}${first}${uri}${second}${protocol}${end}${hostField}${odd.join('')}${fields}\r\n${rest}`;
  });

/** A request that nothing is wrong with, so that what was made of the bytes before can be seen. */
const plain = fc.constant('GET /app/plain HTTP/1.1\r\nHost: fuzz.test\r\n\r\n');

export const attacks: fc.Arbitrary<Attack> = fc
  .array(fc.oneof({ weight: 3, arbitrary: request }, { weight: 2, arbitrary: plain }), {
    minLength: 1,
    maxLength: 5,
  })
  .map((requests) => requests.join(''))
  .chain((bytes) =>
    fc.record({ bytes: fc.constant(bytes), cuts: fc.array(fc.nat({ max: bytes.length }), { maxLength: 6 }) }),
  );
