import { describe, expect, it } from 'vitest';
import { ChunkReader, type ChunkRules, CLIENT_CHUNKS, UPSTREAM_CHUNKS } from '../../src/http/chunk-reader.ts';
import { REFUSED_BYTES } from '../../src/proxy/rules.ts';
import { fc, runs } from '../support/property.ts';
import { CUTS, cutUp } from './heads.ts';

type Read = {
  readonly kind: 'more' | 'end' | 'fault';
  readonly data: string;
  /** What stands behind the end. */
  readonly rest?: string;
  readonly code?: keyof typeof REFUSED_BYTES;
};

/** Reads pieces to the end or a fault, in memory that is used again. */
function readPieces(pieces: readonly Buffer[], rules: ChunkRules = CLIENT_CHUNKS): Read {
  const reader = new ChunkReader(rules);
  const shared = Buffer.alloc(Math.max(0, ...pieces.map(({ length }) => length)));
  let data = '';
  for (const [i, piece] of pieces.entries()) {
    piece.copy(shared);
    const reading = reader.read(shared.subarray(0, piece.length), {
      data(bytes) {
        expect(bytes.length).toBeGreaterThan(0);
        data += bytes.toString('latin1');
      },
    });
    if (reading.kind === 'fault') return { kind: 'fault', data, code: reading.fault.code };
    if (reading.kind === 'end') {
      const rest = [reading.rest, ...pieces.slice(i + 1)].map((bytes) => bytes.toString('latin1')).join('');
      return { kind: 'end', data, rest };
    }
    shared.fill(0x30);
  }
  return { kind: 'more', data };
}

const whole = (text: string, rules?: ChunkRules): Read => readPieces([Buffer.from(text, 'latin1')], rules);
const byBytes = (text: string, rules?: ChunkRules): Read => readPieces(cutUp(text, []), rules);

const often = <T>(usual: fc.Arbitrary<T>, ...odd: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 30, arbitrary: usual }, { weight: 1, arbitrary: fc.constantFrom(...odd) });

const lineEnd = often(fc.constant('\r\n'), '\n', '\r', '', '\r\r\n', ' \r\n');
const extension = often(
  fc.constantFrom(
    '',
    '',
    '',
    ';a',
    ';a=b',
    ';a="b;c"',
    ';a="\\"\\\\"',
    ';a=;b',
    ";!#$%&'*+-.^_`|~=1",
    ';a="\xe9"',
  ),
  ...[' ;a', '; a', ';', ';a=b;', ';a="b', ';a=b c', ';\0', ';a="\n"', ' ', '\t', ';a=b"', ';"a"'],
);
const data = fc.oneof(
  fc.stringMatching(/^[ -~]{1,30}$/),
  fc.constantFrom('\r\n', '0\r\n\r\n', '\0\xff', '5\r\nhello\r\n', 'x'.repeat(300)),
);
const size = (length: number): fc.Arbitrary<string> => {
  const digits = length.toString(16);
  return often(
    fc.constantFrom(digits, digits.toUpperCase(), `0${digits}`, `000000000${digits}`.slice(-13)),
    ...[`0x${digits}`, `-${digits}`, `+${digits}`, ` ${digits}`, '', `${digits}g`, `${digits}1`, '1'],
    ...['10000000000000', 'ffffffffffffffff', '\xb5', `${digits} `],
  );
};
const chunk = data.chain((text) =>
  fc.tuple(size(text.length), extension, lineEnd, fc.constant(text), lineEnd).map((parts) => parts.join('')),
);
const trailer = often(
  fc.constantFrom('X-T: a\r\n', 'x_t:\r\n', 'A:\t\xe9 b\r\n', 'Host: a\r\n'),
  ...[
    'Content-Length: 5\r\n',
    'transfer-encoding: chunked\r\n',
    ' X: y\r\n',
    'X\r\n',
    'X : y\r\n',
    ': y\r\n',
  ],
  ...['X: a\0\r\n', 'X: y\n', 'X: a\rb\r\n'],
);
const last = fc.tuple(often(fc.constantFrom('0', '000'), '', '0x0', '00000000000000'), extension, lineEnd);

const bodies = fc
  .tuple(
    fc.array(chunk, { maxLength: 4 }),
    last.map((parts) => parts.join('')),
    fc.array(trailer, { maxLength: 2 }),
    lineEnd,
    fc.constantFrom('', 'GET / HTTP/1.1\r\n\r\n', '\r\n', '0'),
  )
  .map(
    ([chunks, zero, trailers, end, behind]) => `${chunks.join('')}${zero}${trailers.join('')}${end}${behind}`,
  );

describe('ChunkReader', () => {
  it('reads the same however the bytes are cut', () => {
    const counts = { more: 0, end: 0, fault: 0 };
    fc.assert(
      fc.property(bodies, CUTS, (text, cuts) => {
        const { code, ...expected } = whole(text);
        const { code: codeOfPieces, ...found } = readPieces(cutUp(text, cuts));
        expect(found).toEqual(expected);
        expect(codeOfPieces && REFUSED_BYTES[codeOfPieces].status).toBe(code && REFUSED_BYTES[code].status);
        counts[expected.kind] += 1;
      }),
      runs(600),
    );
    expect(Math.min(counts.end, counts.fault)).toBeGreaterThan(100);
  });

  it('passes on the data of right chunks and nothing else', () => {
    const right = fc.array(
      fc.record({
        text: data,
        more: fc.constantFrom('', ';a', ';a=b;c="d;\\"e"'),
        zeros: fc.nat({ max: 9 }),
      }),
    );
    fc.assert(
      fc.property(right, CUTS, (chunks, cuts) => {
        const bytes = chunks.map(
          ({ text, more, zeros }) => `${'0'.repeat(zeros)}${text.length.toString(16)}${more}\r\n${text}\r\n`,
        );
        const read = readPieces(cutUp(`${bytes.join('')}0\r\nX: y\r\n\r\nrest`, cuts));
        expect(read).toEqual({ kind: 'end', data: chunks.map(({ text }) => text).join(''), rest: 'rest' });
      }),
    );
  });

  const END = '\r\n0\r\n\r\n';
  it.each([
    ['no size', '\r\n'],
    ['a size that is none', 'g\r\n'],
    ['0x', '0x5\r\nhello'],
    ['a sign', '+5\r\nhello'],
    ['a blank before the size', ' 5\r\nhello'],
    ['a blank behind the size', '5 \r\nhello'],
    ['2^52', '10000000000000\r\n'],
    ['2^64 and 5', '10000000000000005\r\nhello'],
    ['an LF alone behind the size', '5\nhello'],
    ['an LF alone behind a size of two digits', '50\nhello'],
    ['a CR alone behind the size', '5\rhello'],
    ['an LF alone behind the data', '5\r\nhello\n'],
    ['data that are longer than their size', '4\r\nhello'],
    ['data that are longer by a CR', '5\r\nhello\r\r\n'],
    ['an extension without a name', '5;\r\nhello'],
    ['a CR in an extension', '5;a\rb\r\nhello'],
    ['an LF in an extension', '5;a\nb\r\nhello'],
    ['a NUL in an extension', '5;a=\0\r\nhello'],
    ['a quoted string without an end', '5;a="b\r\nhello'],
    ['blanks around an extension', '5 ; a\r\nhello'],
  ])('refuses %s', (_, text) => {
    for (const read of [whole(text + END), byBytes(text + END)])
      expect(read).toMatchObject({ kind: 'fault', code: 'chunk' });
  });

  it.each([
    ['Content-Length: 5\r\n'],
    ['TRANSFER-encoding: x\r\n'],
    [' folded\r\n'],
    ['X\r\n'],
    ['X : y\r\n'],
    ['X: a\0b\r\n'],
    [': y\r\n'],
  ])('refuses the trailer %j', (text) => {
    for (const read of [whole(`0\r\n${text}\r\n`), byBytes(`0\r\n${text}\r\n`)])
      expect(read).toMatchObject({ kind: 'fault', code: 'trailer' });
  });

  it('takes extensions of 16 KiB together with their last size, and no more', () => {
    const text = (extra: number): string => {
      const one = `1;a=${'b'.repeat(1_019)}\r\nx\r\n`;
      // Fifteen of 1023 bytes before; the last line counts wholly.
      const counted = 15 * 1_022;
      return `${one.repeat(15)}1;${'c'.repeat(16_384 - counted - 4 + extra)}\r\nx${END}`;
    };
    expect(whole(text(0))).toMatchObject({ kind: 'end', data: 'x'.repeat(16) });
    expect(byBytes(text(0))).toMatchObject({ kind: 'end' });
    expect(whole(text(1))).toMatchObject({ kind: 'fault', code: 'extensions-too-long' });
    expect(byBytes(text(1))).toMatchObject({ kind: 'fault', code: 'extensions-too-long' });
  });

  it('takes trailers of 64 KiB, and tells of more before their line ends', () => {
    const trailers = 'X: yyyyyyyyyyyy\r\n'.repeat(3_855);
    expect(trailers).toHaveLength(65_535);
    expect(whole(`0\r\n${trailers}`)).toMatchObject({ kind: 'more' });
    expect(whole(`0\r\n${trailers}ab`)).toMatchObject({ kind: 'fault', code: 'trailers-too-long' });
    expect(whole(`0\r\nX: ${'y'.repeat(65_534)}`)).toMatchObject({
      kind: 'fault',
      code: 'trailers-too-long',
    });
  });

  it.each(['g', '5\r\nhello\rXY', '5\r\nhelloX', `1;${'a'.repeat(16_384)}`])(
    'tells what cannot become right before the line ends: %#',
    (text) => {
      expect(whole(text).kind).toBe('fault');
    },
  );
});

describe('ChunkReader for upstreams', () => {
  const END = '0\r\n\r\n';

  it.each([
    ['is padded with blanks', '5    \r\nhello\r\n'],
    ['is padded with tabs', '5\t\t\r\nhello\r\n'],
    ['has blanks around an extension', '5 ; a = b\r\nhello\r\n'],
    ['has an extension that only a blank follows', '5;a \r\nhello\r\n'],
  ])('takes a chunk whose size %s', (_, text) => {
    for (const read of [whole(text + END, UPSTREAM_CHUNKS), byBytes(text + END, UPSTREAM_CHUNKS)])
      expect(read).toEqual({ kind: 'end', data: 'hello', rest: '' });
  });

  it('takes any number of extensions, but no line beyond 16 KiB', () => {
    const signed = `1;signature=${'b'.repeat(1_000)}\r\nx\r\n`.repeat(40);
    expect(whole(signed + END, UPSTREAM_CHUNKS)).toMatchObject({ kind: 'end', data: 'x'.repeat(40) });
    const line = `1;${'a'.repeat(16_380)}\r\nx\r\n`;
    expect(whole(line + END, UPSTREAM_CHUNKS)).toMatchObject({ kind: 'end' });
    expect(whole(`1;a${line.slice(2)}`, UPSTREAM_CHUNKS)).toMatchObject({ kind: 'fault' });
  });

  it.each([
    ['a blank before the size', ' 5\r\nhello\r\n'],
    ['a blank in the size', '5 5\r\nhello\r\n'],
    ['padding that is no blank', '5\0\r\nhello\r\n'],
    ['a CR in an extension', '5;a\rb\r\nhello\r\n'],
    ['an LF alone behind the padding', '5 \nhello\r\n'],
    ['data that are longer than their size', '4 \r\nhello\r\n'],
  ])('refuses %s', (_, text) => {
    for (const read of [whole(text + END, UPSTREAM_CHUNKS), byBytes(text + END, UPSTREAM_CHUNKS)])
      expect(read).toMatchObject({ kind: 'fault', code: 'chunk' });
  });
});
