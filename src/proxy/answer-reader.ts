/**
 * Reads the bytes of one HTTP/1.1 answer after another from one connection (RFC 9112 §§4, 6, 7). Knows no sockets.
 * What could be read in two ways is refused, since the bytes come from a process that runs other people's code.
 */
import { ChunkReader, UPSTREAM_CHUNKS } from '../http/chunk-reader.ts';
import { trimmed } from '../http/field-text.ts';
import { latin1 } from '../http/latin1.ts';
import { addResponseField, endResponseHead, newResponseHead } from './response-headers.ts';
import type { AnswerHead } from './transport.ts';
import { unreadableAnswer } from './unreadable-answer.ts';

/** Who hears what was read, in this order; `end` once for each `expect`. */
export type AnswerSink = {
  interim(status: number): void;
  head(answer: AnswerHead): void;
  /** The bytes hold only until this returns. */
  data(bytes: Buffer): void;
  end(): void;
};

/** Bytes of a head in all; Apache's own limit for a daemon's head is 32 KiB a line. */
const LONGEST_HEAD = 65_536;
/** Nearly every head is shorter; what is decoded beyond it is body. */
const USUAL_HEAD = 2048;

const START = 'HTTP/1.';
const NO_STATUS_LINE = 'it does not begin with a status line';

type Phase = 'nothing' | 'head' | 'length' | 'chunks' | 'close';

/** One per connection. */
export class AnswerReader {
  readonly #sink: AnswerSink;
  #phase: Phase = 'nothing';
  #answersHead = false;
  /** Bytes of a head that has not come whole. */
  #pending = '';
  #left = 0;
  #chunks: ChunkReader | undefined;
  /** Whether the connection can carry another request: its peer has not said otherwise, and nothing stands behind the answer. */
  mayStay = true;

  constructor(sink: AnswerSink) {
    this.#sink = sink;
  }

  /** An answer is to come; the one to a HEAD has no body. */
  expect(method: string): void {
    this.#phase = 'head';
    this.#answersHead = method === 'HEAD';
  }

  /** Throws ERR_UPSTREAM_INVALID for bytes that are no answer. */
  read(bytes: Buffer): void {
    if (this.#phase === 'head') this.#readHead(bytes);
    else if (this.#phase === 'length') this.#readLength(bytes);
    else if (this.#phase === 'chunks') this.#readChunks(bytes);
    else if (this.#phase === 'close') this.#sink.data(bytes);
    else this.mayStay = false;
  }

  /** The connection has ended. True when that ends the answer too (RFC 9112 §6.3, 8). */
  endOfInput(): boolean {
    this.mayStay = false;
    if (this.#phase !== 'close') return false;
    this.#end();
    return true;
  }

  #readHead(bytes: Buffer): void {
    const before = this.#pending;
    let text = before + latin1(bytes, 0, Math.min(bytes.length, USUAL_HEAD));
    let end = text.indexOf('\r\n\r\n');
    if (end < 0 && bytes.length > USUAL_HEAD) {
      text = before + latin1(bytes);
      end = text.indexOf('\r\n\r\n');
    }
    if (end > LONGEST_HEAD || (end < 0 && text.length > LONGEST_HEAD)) {
      throw unreadableAnswer('its head is too long');
    }
    if (end < 0) {
      if (!START.startsWith(text.slice(0, START.length))) throw unreadableAnswer(NO_STATUS_LINE);
      this.#pending = text;
      return;
    }
    this.#pending = '';
    const rest = end + 4 - before.length;
    this.#takeHead(text, end, rest < bytes.length ? bytes.subarray(rest) : undefined);
  }

  #takeHead(text: string, end: number, rest: Buffer | undefined): void {
    const head = readHead(text, end);
    if (head.status < 200) {
      if (head.status === 101) throw unreadableAnswer('it switches protocols');
      this.#sink.interim(head.status);
      if (rest !== undefined) this.read(rest);
      return;
    }
    if (!head.stays) this.mayStay = false;
    this.#phase = this.#framing(head);
    this.#sink.head(head);
    if (this.#phase === 'length' && this.#left === 0) this.#end(rest);
    else if (rest !== undefined) this.read(rest);
  }

  #framing({ status, fields }: ParsedHead): Phase {
    this.#left = Math.max(0, fields.length);
    if (this.#answersHead || status === 204 || status === 304) {
      this.#left = 0;
      return 'length';
    }
    if (fields.chunked) {
      this.#chunks = new ChunkReader(UPSTREAM_CHUNKS);
      return 'chunks';
    }
    return fields.length < 0 ? 'close' : 'length';
  }

  #readLength(bytes: Buffer): void {
    const taken = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes;
    this.#left -= taken.length;
    this.#sink.data(taken);
    if (this.#left === 0) this.#end(taken === bytes ? undefined : bytes.subarray(taken.length));
  }

  #readChunks(bytes: Buffer): void {
    const reading = (this.#chunks as ChunkReader).read(bytes, this.#sink);
    if (reading.kind === 'fault') throw unreadableAnswer(reading.fault.detail);
    if (reading.kind === 'end') this.#end(reading.rest.length === 0 ? undefined : reading.rest);
  }

  #end(surplus?: Buffer): void {
    this.#phase = 'nothing';
    this.#chunks = undefined;
    if (surplus !== undefined) this.mayStay = false;
    this.#sink.end();
  }
}

type ParsedHead = AnswerHead & {
  /** Whether the peer keeps the connection (RFC 9112 §9.3). */
  readonly stays: boolean;
};

function readHead(text: string, end: number): ParsedHead {
  const lineEnd = text.indexOf('\r\n');
  const status = readStatus(text);
  const fields = newResponseHead();
  let at = lineEnd + 2;
  while (at < end) {
    const next = text.indexOf('\r\n', at);
    const colon = text.indexOf(':', at);
    if (colon < 0 || colon > next) throw unreadableAnswer('a line of its head has no colon');
    addResponseField(fields, text.slice(at, colon), trimmed(text, colon + 1, next));
    at = next + 2;
  }
  endResponseHead(fields);
  return { status, reason: text.slice(13, lineEnd), fields, stays: stays(text, fields.connection) };
}

/** `HTTP/1.1 200` and then a blank or the end of the line. */
function readStatus(text: string): number {
  const status = Number(text.slice(9, 12));
  const after = text.charCodeAt(12);
  const isStatusLine = text.startsWith(START) && text.charCodeAt(8) === 32 && (after === 32 || after === 13);
  if (!isStatusLine || !(status >= 100 && status <= 999)) throw unreadableAnswer(NO_STATUS_LINE);
  return status;
}

function stays(text: string, connection: string | undefined): boolean {
  const isOld = text.charCodeAt(7) === 48;
  if (connection === undefined) return !isOld;
  const tokens = connection.toLowerCase();
  return isOld ? tokens.includes('keep-alive') : !tokens.includes('close');
}
