/** Reads a chunked body (RFC 9112 §7.1): its data are passed on, extensions and trailers are not. */
import { isFieldValue, isToken } from './field-text.ts';
import { type WireFault, wireFault } from './wire-fault.ts';

/** What one kind of peer may send around the data of its chunks. */
export type ChunkRules = {
  /** What may stand behind a size in its line, where anything does. */
  readonly behindSize: RegExp;
  /** Whether the extensions of a body are bounded together, or each line of them. */
  readonly sumsExtensions: boolean;
  /** Bytes of all trailers of a body. */
  readonly longestTrailers: number;
};

/** Bytes. */
const LONGEST_EXTENSIONS = 16_384;
/** 2^52 and more is no size. */
const SIZE = /^[0-9A-Fa-f]{1,13}/;

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const QUOTED = '"(?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t\\x20-\\x7e\\x80-\\xff])*"';

/** Extensions (§7.1.1) without the blanks that their grammar calls bad and lets a recipient take. */
export const CLIENT_CHUNKS: ChunkRules = {
  behindSize: new RegExp(`^(?:;${TOKEN}(?:=(?:${TOKEN}|${QUOTED}))?)+$`),
  sumsExtensions: true,
  longestTrailers: 65_536,
};

/** Some upstreams pad their sizes to one width, some sign every chunk in an extension. */
export const UPSTREAM_CHUNKS: ChunkRules = {
  behindSize: /^[ \t]*(?:;.*)?$/,
  sumsExtensions: false,
  longestTrailers: 16_384,
};

/** Trailers that would frame the message are none (RFC 9110 §6.5.1). */
const FRAMING: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding']);

const LONGER = 'a chunk is longer than its size';
const NO_SIZE = 'a chunk has no size';

const LF = 10;

type Step = 'size' | 'data' | 'after-data' | 'trailers';

/** What stands behind the body, once it has ended; a fault ends it too. */
export type ChunkReading =
  | { readonly kind: 'more' }
  | { readonly kind: 'end'; readonly rest: Buffer }
  | { readonly kind: 'fault'; readonly fault: WireFault };

const MORE: ChunkReading = { kind: 'more' };

/** Who is given the data, in pieces that are views of what was read. */
export type ChunkSink = { data(bytes: Buffer): void };

/** One per body. */
export class ChunkReader {
  readonly #rules: ChunkRules;
  #step: Step = 'size';
  #left = 0;
  #line = '';
  #extensionBytes = 0;
  #trailerBytes = 0;

  constructor(rules: ChunkRules) {
    this.#rules = rules;
  }

  read(bytes: Buffer, sink: ChunkSink): ChunkReading {
    let rest = bytes;
    while (rest.length > 0) {
      if (this.#step === 'data') {
        const piece = rest.length > this.#left ? rest.subarray(0, this.#left) : rest;
        this.#left -= piece.length;
        if (this.#left === 0) this.#step = 'after-data';
        sink.data(piece);
        rest = rest.subarray(piece.length);
        continue;
      }
      const end = rest.indexOf(LF);
      this.#line += rest.toString('latin1', 0, end < 0 ? rest.length : end + 1);
      const judged = this.#overlong() ?? (end < 0 ? this.#judgePart() : this.#takeLine());
      if (judged === 'end') return { kind: 'end', rest: rest.subarray(end + 1) };
      if (judged !== undefined) return { kind: 'fault', fault: judged };
      if (end < 0) return MORE;
      rest = rest.subarray(end + 1);
    }
    return MORE;
  }

  #overlong(): WireFault | undefined {
    const { length } = this.#line;
    if (this.#step === 'size' && this.#extensionBytes + length > LONGEST_EXTENSIONS)
      return wireFault('extensions-too-long', 'more than 16 KiB of extensions of chunks');
    const { longestTrailers } = this.#rules;
    if (this.#step === 'trailers' && this.#trailerBytes + length > longestTrailers)
      return wireFault('trailers-too-long', `more than ${longestTrailers} bytes of trailers`);
    return undefined;
  }

  /** What cannot become right is told before the line's end. */
  #judgePart(): WireFault | undefined {
    if (this.#step === 'after-data' && this.#line !== '\r') return wireFault('chunk', LONGER);
    if (this.#step === 'size' && !/^[0-9A-Fa-f]/.test(this.#line)) return wireFault('chunk', NO_SIZE);
    return undefined;
  }

  /** `end` when that was the empty line behind the last chunk. */
  #takeLine(): WireFault | 'end' | undefined {
    const line = this.#line;
    this.#line = '';
    if (this.#step === 'after-data') {
      this.#step = 'size';
      return line === '\r\n' ? undefined : wireFault('chunk', LONGER);
    }
    if (!line.endsWith('\r\n')) return wireFault('chunk', 'a line between chunks does not end in CR LF');
    return this.#step === 'size' ? this.#takeSize(line) : this.#takeTrailer(line);
  }

  #takeSize(line: string): WireFault | undefined {
    const digits = SIZE.exec(line)?.[0];
    if (digits === undefined) return wireFault('chunk', NO_SIZE);
    const behind = line.slice(digits.length, -2);
    if (behind !== '') {
      if (!this.#rules.behindSize.test(behind)) return wireFault('chunk', NO_SIZE);
      if (this.#rules.sumsExtensions) this.#extensionBytes += behind.length;
    }
    this.#left = Number.parseInt(digits, 16);
    this.#step = this.#left === 0 ? 'trailers' : 'data';
    return undefined;
  }

  #takeTrailer(line: string): WireFault | 'end' | undefined {
    if (line === '\r\n') return 'end';
    this.#trailerBytes += line.length;
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon));
    if (FRAMING.has(name.toLowerCase())) return wireFault('trailer', 'a trailer frames the message');
    const isField = isToken(name) && isFieldValue(line.slice(colon + 1, -2));
    return isField ? undefined : wireFault('trailer', 'a trailer is no field');
  }
}
