/** Reads a chunked body of a client (RFC 9112 §7.1): its data are passed on, extensions and trailers are not. */
import { isFieldValue, isToken } from './field-text.ts';
import { type WireFault, wireFault } from './wire-fault.ts';

/** Bytes of all extensions of a body together, and of all its trailers. */
const LONGEST_EXTENSIONS = 16_384;
const LONGEST_TRAILERS = 65_536;
/** 2^52 and more is no size. */
const LONGEST_SIZE = 13;

/** A size and its extensions (§7.1.1), without the blanks that its grammar calls bad and lets a recipient take. */
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const QUOTED = '"(?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t\\x20-\\x7e\\x80-\\xff])*"';
const SIZE_LINE = new RegExp(`^([0-9A-Fa-f]+)((?:;${TOKEN}(?:=(?:${TOKEN}|${QUOTED}))?)*)$`);

/** Trailers that would frame the message are none (RFC 9110 §6.5.1). */
const FRAMING: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding']);

const LF = 10;
const CR = 13;

type Step = 'size' | 'data' | 'after-data' | 'trailers';

/** What stands behind the body, once it has ended; a fault ends it too. */
export type ChunkReading =
  | { readonly kind: 'more' }
  | { readonly kind: 'end'; readonly rest: Buffer }
  | { readonly kind: 'fault'; readonly fault: WireFault };

const MORE: ChunkReading = { kind: 'more' };

/** One per body. */
export class ChunkReader {
  #step: Step = 'size';
  #left = 0;
  #line = '';
  #extensionBytes = 0;
  #trailerBytes = 0;

  read(bytes: Buffer, data: (bytes: Buffer) => void): ChunkReading {
    let rest = bytes;
    while (rest.length > 0) {
      if (this.#step === 'data') {
        const piece = rest.length > this.#left ? rest.subarray(0, this.#left) : rest;
        this.#left -= piece.length;
        if (this.#left === 0) this.#step = 'after-data';
        data(piece);
        rest = rest.subarray(piece.length);
        continue;
      }
      const end = rest.indexOf(LF);
      const fault = this.#lengthen(rest, end < 0 ? rest.length : end + 1);
      if (fault !== undefined) return { kind: 'fault', fault };
      if (end < 0) return MORE;
      rest = rest.subarray(end + 1);
      const taken = this.#takeLine();
      if (taken === 'end') return { kind: 'end', rest };
      if (taken !== undefined) return { kind: 'fault', fault: taken };
    }
    return MORE;
  }

  /** Takes in a part of a line; what cannot become right is told before the line's end. */
  #lengthen(bytes: Buffer, end: number): WireFault | undefined {
    this.#line += bytes.toString('latin1', 0, end);
    const line = this.#line;
    const { length } = line;
    if (this.#step === 'after-data' && (line.charCodeAt(0) !== CR || length > 2))
      return wireFault('chunk', 'a chunk is longer than its size');
    if (this.#step === 'size') {
      if (this.#extensionBytes + length > LONGEST_EXTENSIONS)
        return wireFault('extensions-too-long', 'more than 16 KiB of them');
      if (!/^[0-9A-Fa-f]/.test(line)) return wireFault('chunk', 'a chunk has no size');
    }
    if (this.#step === 'trailers' && this.#trailerBytes + length > LONGEST_TRAILERS)
      return wireFault('trailers-too-long', 'more than 64 KiB of them');
    return undefined;
  }

  /** `end` when that was the empty line behind the last chunk. */
  #takeLine(): WireFault | 'end' | undefined {
    const line = this.#line;
    this.#line = '';
    if (!line.endsWith('\r\n')) return wireFault('chunk', 'a line between chunks does not end in CR LF');
    if (this.#step === 'trailers') return this.#takeTrailer(line);
    if (this.#step === 'after-data') {
      this.#step = 'size';
      return undefined;
    }
    return this.#takeSize(line);
  }

  #takeSize(line: string): WireFault | undefined {
    const [found, digits = '', extensions = ''] = SIZE_LINE.exec(line.slice(0, -2)) ?? [];
    if (found === undefined || digits.length > LONGEST_SIZE) return wireFault('chunk', 'a chunk has no size');
    this.#extensionBytes += extensions.length;
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
