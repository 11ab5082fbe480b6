import { describe, expect, it } from 'vitest';
import { HeadReader } from '../../src/http/head-reader.ts';
import { isFault, type RequestHeadText, readRequestHead } from '../../src/http/request-head.ts';
import type { WireFault } from '../../src/http/wire-fault.ts';
import { REFUSED_BYTES } from '../../src/proxy/rules.ts';
import { fc, runs } from '../support/property.ts';
import { CUTS, cutUp, HEADS } from './heads.ts';

const LIMITS = { headBytes: 65_536, requestLineBytes: 8_190 };

type Read = {
  readonly heads: readonly RequestHeadText[];
  readonly fault?: WireFault;
  /** Bytes behind the last head, or of one that is not whole. */
  readonly left: number;
};

/** Reads pieces as a connection does: what is given holds only until the reader returns. */
function readPieces(pieces: readonly Buffer[], limits = LIMITS): Read {
  const reader = new HeadReader();
  const heads: RequestHeadText[] = [];
  const shared = Buffer.alloc(Math.max(0, ...pieces.map(({ length }) => length)));
  let left = 0;
  for (const piece of pieces) {
    piece.copy(shared);
    for (let rest = piece.length; rest > 0; ) {
      const reading = reader.read(shared.subarray(piece.length - rest, piece.length), limits);
      if (reading.kind === 'fault') return { heads, fault: reading.fault, left };
      left = reading.kind === 'more' ? left + rest : 0;
      rest = reading.kind === 'more' ? 0 : reading.rest;
      if (reading.kind === 'head') heads.push(reading.head);
    }
    shared.fill(0x21);
  }
  return { heads, left };
}

const whole = (text: string, limits = LIMITS): Read => readPieces([Buffer.from(text, 'latin1')], limits);

/** What a client sees of a fault. */
const statusOf = ({ fault }: Read): number | undefined =>
  fault === undefined ? undefined : REFUSED_BYTES[fault.code].status;

describe('HeadReader', () => {
  it.each([
    ['\r\n', undefined],
    ['\r\n\r\n\n', undefined],
    ['\r', 400],
    ['\r\n\r', 400],
    ['\r\r\n', 400],
  ])('takes whole empty lines before a request line alone, however they are cut: %j', (before, status) => {
    const bytes = Buffer.from(`${before}GET / HTTP/1.1\r\n\r\n`);
    const cuts = Array.from({ length: bytes.length }, (_, at) => [bytes.subarray(0, at), bytes.subarray(at)]);
    for (const pieces of [[bytes], ...cuts, cuts.map((_, at) => bytes.subarray(at, at + 1))]) {
      const read = readPieces(pieces.filter(({ length }) => length > 0));
      expect([read.heads.length, statusOf(read)]).toEqual([status === undefined ? 1 : 0, status]);
    }
  });

  it('reads the same however the bytes are cut', () => {
    const texts = fc.array(HEADS, { minLength: 1, maxLength: 3 }).map((heads) => heads.join(''));
    let faults = 0;
    let rights = 0;
    fc.assert(
      fc.property(texts, CUTS, (text, cuts) => {
        const expected = whole(text);
        const found = readPieces(cutUp(text, cuts));
        expect(found.heads).toEqual(expected.heads);
        expect(statusOf(found)).toBe(statusOf(expected));
        if (expected.fault !== undefined) faults += 1;
        else if (expected.left === 0) rights += 1;
      }),
      runs(1_000),
    );
    // The grammar makes enough of both.
    expect(Math.min(faults, rights)).toBeGreaterThan(200);
  });

  it('reads a head as its text is read', () => {
    fc.assert(
      fc.property(HEADS, (text) => {
        const { heads, fault } = whole(text);
        const [head] = heads;
        if (head === undefined) return;
        const start = /^[\r\n]*/.exec(text)?.[0].length ?? 0;
        expect(readRequestHead(text.slice(start, text.indexOf('\r\n\r\n', start)))).toEqual(head);
        expect(isFault(head)).toBe(false);
        expect(fault).toBeUndefined();
      }),
      runs(500),
    );
  });

  it('takes many heads of one read, and the one of which only a part has come', () => {
    const one = 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n';
    const { heads, left } = whole(`\r\n${one.repeat(1_000)}\r\n\r\n${one}GET /b`);
    expect(heads).toHaveLength(1_001);
    expect(left).toBe('GET /b'.length);
  });

  describe('limits', () => {
    const at = (length: number): string => {
      const start = 'GET / HTTP/1.1\r\nA: ';
      return `${start}${'b'.repeat(length - start.length - 4)}\r\n\r\n`;
    };
    const sizes = [40, 100, 2_047, 2_048, 2_049, 2_052, 8_190, 65_536];
    const ways = [[0.5], [], [0.999], [0.2, 0.4, 0.6, 0.8]];

    /** Long ones byte by byte are below. */
    const waysOf = (size: number): number[][] =>
      size > 10_000 ? ways.filter(({ length }) => length > 0) : ways;

    it.each(sizes)('take a head of %i bytes to the byte, in one piece or cut', (headBytes) => {
      const limits = { ...LIMITS, headBytes };
      for (const length of [-1, 0, 1, 2, 3, 4, 5].map((more) => headBytes + more)) {
        const text = at(length);
        expect(text).toHaveLength(length);
        for (const pieces of [[Buffer.from(text)], ...waysOf(headBytes).map((cuts) => cutUp(text, cuts))]) {
          const { heads, fault } = readPieces(pieces, limits);
          expect([length, pieces.length, heads.length, fault?.code]).toEqual(
            length <= headBytes
              ? [length, pieces.length, 1, undefined]
              : [length, pieces.length, 0, 'head-too-long'],
          );
        }
      }
    });

    it('do not count what stands behind a head', () => {
      const text = at(100);
      const { heads, left } = whole(`${text}POST ${'x'.repeat(50)}`, { ...LIMITS, headBytes: 100 });
      expect(heads).toHaveLength(1);
      expect(left).toBe(55);
    });

    it('blame the request line where that is too long, to the byte', () => {
      const limits = { headBytes: 300, requestLineBytes: 100 };
      for (const [lineLength, code] of [
        [100, 'head-too-long'],
        [101, 'line-too-long'],
      ] as const) {
        // With the CR, without the LF.
        const line = `GET /${'a'.repeat(lineLength - 'GET / HTTP/1.1\r'.length)} HTTP/1.1\r\n`;
        expect(line).toHaveLength(lineLength + 1);
        const text = `${line}A: ${'b'.repeat(300)}\r\n\r\n`;
        expect(whole(text, limits).fault?.code).toBe(code);
        for (const cuts of ways) expect(readPieces(cutUp(text, cuts), limits).fault?.code).toBe(code);
      }
      const endless = `GET /${'a'.repeat(300)}`;
      expect(whole(endless, limits).fault?.code).toBe('line-too-long');
      expect(readPieces(cutUp(endless, []), limits).fault?.code).toBe('line-too-long');
    });
  });

  it.each([
    ['a control character', 'GET / HTTP/1.1\r\nA: b\0'],
    ['a line end without a CR', 'GET / HTTP/1.1\r\nA: b\n'],
    ['a CR without an LF', 'GET / HTTP/1.1\r\nA: b\rc'],
    ['no method', '(GET'],
    ['no method behind a letter', 'G\xe9'],
    ['no beginning of one', ' '],
    ['a request line that is too long', 'A'.repeat(8_193)],
    ['no version', 'GET / HTTP/7.7\r\n'],
    ['TLS', '\x16\x03\x01'],
  ])('tells %s before the end of the head', (_, text) => {
    expect(whole(text).fault).toBeDefined();
    expect(readPieces(cutUp(text, [])).fault).toBeDefined();
  });

  it.each(['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'])('knows the preface of HTTP/2 however it is cut', (text) => {
    expect(whole(text).fault?.code).toBe('http2');
    expect(readPieces(cutUp(text, [])).fault?.code).toBe('http2');
  });

  it.each([
    ['one long field', `GET / HTTP/1.1\r\nA: ${'b'.repeat(65_000)}`],
    ['many fields', `GET / HTTP/1.1\r\n${'Ab: c\r\n'.repeat(9_000)}`],
    ['an endless request line', `GET /${'a'.repeat(65_000)}`],
    ['empty lines', '\r\n'.repeat(32_000)],
  ])('looks at each byte a few times where they come one by one: %s', (_, text) => {
    const looked = lookedAt(() => readPieces(cutUp(text, [])));
    expect(looked).toBeGreaterThan(text.length / 2);
    expect(looked).toBeLessThan(60 * text.length);
  });
});

type Scanned = {
  indexOf(value: Buffer | number, from?: number): number;
  latin1Slice(start?: number, end?: number): string;
  copy(target: Buffer, at?: number): number;
};

/** How many bytes of buffers are searched, copied or decoded. */
function lookedAt(act: () => void): number {
  const proto = Buffer.prototype as unknown as Scanned;
  const { indexOf, latin1Slice, copy } = proto;
  let count = 0;
  proto.indexOf = function (this: Buffer, value, from) {
    const found = indexOf.call(this, value, from);
    count += (found < 0 ? this.length : found) - (from ?? 0);
    return found;
  };
  proto.latin1Slice = function (this: Buffer, ...ends) {
    const text = latin1Slice.apply(this, ends);
    count += text.length;
    return text;
  };
  proto.copy = function (this: Buffer, ...places) {
    const copied = copy.apply(this, places);
    count += copied;
    return copied;
  };
  try {
    act();
  } finally {
    Object.assign(proto, { indexOf, latin1Slice, copy });
  }
  return count;
}
