/** Reads one chunked body (RFC 9112 §7.1): its data are passed on, extensions and trailers are not. */
import { unreadableAnswer } from './unreadable-answer.ts';

/** Bytes of a line with a size and its extensions, and of all trailers together. */
const LONGEST_LINE = 16_384;
/** 2^53 and more cannot be counted. */
const LONGEST_SIZE = 13;
const SIZE = /^[0-9A-Fa-f]+(?=[ \t]*(?:;|$))/;

const LF = 10;

type Step = 'size' | 'data' | 'after-data' | 'trailers';

/** One per body. */
export class ChunkReader {
  #step: Step = 'size';
  #left = 0;
  #line = '';
  #trailerBytes = 0;

  /** Passes data on; returns what stands behind the last chunk once that has come. Throws for what is no chunk. */
  read(bytes: Buffer, sink: { data(bytes: Buffer): void }): Buffer | undefined {
    let rest = bytes;
    while (rest.length > 0) {
      if (this.#step === 'data') {
        const data = rest.length > this.#left ? rest.subarray(0, this.#left) : rest;
        this.#left -= data.length;
        if (this.#left === 0) this.#step = 'after-data';
        sink.data(data);
        rest = rest.subarray(data.length);
        continue;
      }
      const end = rest.indexOf(LF);
      this.#line += rest.toString('latin1', 0, end < 0 ? rest.length : end + 1);
      if (this.#line.length > LONGEST_LINE) throw unreadableAnswer('a line between its chunks is too long');
      if (end < 0) return undefined;
      rest = rest.subarray(end + 1);
      if (this.#takeLine()) return rest;
    }
    return undefined;
  }

  /** True when that was the empty line behind the last chunk. */
  #takeLine(): boolean {
    const line = this.#line;
    this.#line = '';
    if (!line.endsWith('\r\n')) throw unreadableAnswer('a line between its chunks does not end in CR LF');
    if (this.#step === 'trailers') return this.#takeTrailer(line);
    if (this.#step === 'after-data') {
      if (line !== '\r\n') throw unreadableAnswer('a chunk is longer than its size');
      this.#step = 'size';
      return false;
    }
    const digits = SIZE.exec(line.slice(0, -2))?.[0];
    if (digits === undefined || digits.length > LONGEST_SIZE) throw unreadableAnswer('a chunk has no size');
    this.#left = Number.parseInt(digits, 16);
    this.#step = this.#left === 0 ? 'trailers' : 'data';
    return false;
  }

  #takeTrailer(line: string): boolean {
    this.#trailerBytes += line.length;
    if (this.#trailerBytes > LONGEST_LINE) throw unreadableAnswer('its trailers are too long');
    return line === '\r\n';
  }
}
