/** Reads one head after another from the bytes of a connection, however they are cut. */
import type { ConnectionLimits } from './connection-limits.ts';
import { KeptBytes } from './kept-bytes.ts';
import { latin1 } from './latin1.ts';
import {
  faultOfBeginning,
  faultOfPart,
  isFault,
  type RequestHeadText,
  readRequestHead,
  readRequestLine,
} from './request-head.ts';
import { type WireFault, wireFault } from './wire-fault.ts';

/** What became of bytes; so many of the last of them, `rest`, stand behind the head. */
export type HeadReading =
  | { readonly kind: 'more' }
  | { readonly kind: 'head'; readonly head: RequestHeadText; readonly rest: number }
  | { readonly kind: 'fault'; readonly fault: WireFault };

const MORE: HeadReading = { kind: 'more' };

/** Nearly every head is shorter; what is decoded beyond it is body. */
const USUAL_HEAD = 2048;
/** A request line's method is shorter. */
const BEGINNING = 32;
const CR = 13;
const LF = 10;
const END = Buffer.from('\r\n\r\n');

const HALF_A_LINE = wireFault('empty-line', 'a CR without an LF before it');
const LINE_TOO_LONG = wireFault('line-too-long', 'the request line');

type Limits = Pick<ConnectionLimits, 'headBytes' | 'requestLineBytes'>;

/** One per connection. */
export class HeadReader {
  /** What has come of a head in earlier reads. */
  readonly #pending = new KeptBytes();
  #searched = 0;
  #checked = 0;
  #isLineRead = false;
  /** An empty line has begun with a CR. */
  #isReturnOpen = false;

  /** Whether a head has begun and not come whole; empty lines are none of it. */
  get hasBegun(): boolean {
    return this.#pending.length > 0;
  }

  read(bytes: Buffer, limits: Limits): HeadReading {
    if (this.#pending.length > 0) return this.#readOn(bytes, limits);
    const start = this.#skipEmptyLines(bytes);
    if (start < 0) return { kind: 'fault', fault: HALF_A_LINE };
    if (start === bytes.length) return MORE;
    const text = latin1(bytes, start, Math.min(bytes.length, start + USUAL_HEAD));
    const end = text.indexOf('\r\n\r\n');
    if (end < 0 || end + END.length > limits.headBytes) return this.#readOn(bytes.subarray(start), limits);
    const next = start + end + END.length;
    return readText(text.slice(0, end), bytes.length - next);
  }

  /** RFC 9112 §2.2: empty lines may stand before a request line. -1 for a CR without its LF. */
  #skipEmptyLines(bytes: Buffer): number {
    let start = 0;
    for (; start < bytes.length; start += 1) {
      const byte = bytes[start];
      if (this.#isReturnOpen && byte !== LF) return -1;
      this.#isReturnOpen = byte === CR;
      if (byte !== CR && byte !== LF) break;
    }
    return start;
  }

  /** The slow way, for heads that are long or come in pieces. */
  #readOn(bytes: Buffer, limits: Limits): HeadReading {
    this.#pending.add(bytes);
    const all = this.#pending.view();
    const end = all.indexOf(END, this.#searched);
    const from = Math.max(0, this.#checked - 1);
    this.#searched = Math.max(0, all.length - END.length + 1);
    this.#checked = all.length;
    if (end < 0 && all.length <= limits.headBytes) {
      const fault = faultOfPart(latin1(all, from));
      return faultOr(() => this.#readLine(all, from, limits), fault);
    }
    if (end < 0 || end + END.length > limits.headBytes) return { kind: 'fault', fault: tooLong(all, limits) };
    const next = end + END.length;
    const reading = readText(latin1(all, 0, end), all.length - next);
    this.#pending.drop(all.length);
    this.#searched = 0;
    this.#checked = 0;
    this.#isLineRead = false;
    return reading;
  }

  /** What is no request is told as soon as its first line is there; `from` is where new bytes begin. */
  #readLine(all: Buffer, from: number, { requestLineBytes }: Limits): HeadReading {
    if (this.#isLineRead) return MORE;
    const end = all.indexOf(LF, from);
    // Apache takes one byte more than it says, and half a line end may be there.
    if (end < 0 && all.length > requestLineBytes + 2) return { kind: 'fault', fault: LINE_TOO_LONG };
    if (end < 0) return faultOr(() => MORE, faultOfBeginning(all.toString('latin1', 0, BEGINNING)));
    this.#isLineRead = true;
    if (end > requestLineBytes) return MORE;
    const line = readRequestLine(latin1(all, 0, end - 1));
    return isFault(line) ? { kind: 'fault', fault: line } : MORE;
  }
}

function faultOr(reading: () => HeadReading, fault: WireFault | undefined): HeadReading {
  return fault === undefined ? reading() : { kind: 'fault', fault };
}

function readText(text: string, rest: number): HeadReading {
  const head = readRequestHead(text);
  return isFault(head) ? { kind: 'fault', fault: head } : { kind: 'head', head, rest };
}

/** Whether it is the request line that makes it so; Apache does not read on behind one. */
function tooLong(all: Buffer, { headBytes, requestLineBytes }: Limits): WireFault {
  const lineEnd = all.indexOf(LF);
  const longest = Math.min(requestLineBytes, headBytes);
  return lineEnd < 0 || lineEnd > longest ? LINE_TOO_LONG : wireFault('head-too-long', 'the head');
}
