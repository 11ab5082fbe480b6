/**
 * The answer to one request. Laws: what a client gets of it is never more than what was written, its framing is decided when its head is
 * made, and `close` is told exactly once: when all of it has left, or the connection has ended before.
 */
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { ClientRequest } from './client-request.ts';
import { latin1 } from './latin1.ts';
import { leaveTogether } from './leaving.ts';
import { type AnswerFraming, renderHead } from './response-head.ts';

/** Bodies up to this size join their head, or the frame around them, as text: one plain write, where pieces are a vectored one. */
const JOINED_BYTES = 16_384;

/** What @types/node leaves out. */
type Inner = Socket & { readonly _handle?: { readonly writeQueueSize?: number } | null };

/** What carries an answer. */
export type ResponseCarrier = {
  readonly socket: Socket;
  readonly keepAliveMs: number;
  /** All of it has left. */
  answered(response: ClientResponse): void;
  /** All of it has been written, and its client has not taken the whole at once. */
  untaken(request: ClientRequest): void;
};

/** Emits `drain` and `timeout` as its connection does, `finish` when all has left, and then, or in its place, `close`. */
export class ClientResponse extends EventEmitter {
  readonly request: ClientRequest;
  readonly #carrier: ResponseCarrier;
  readonly #socket: Socket;
  /** A head that has been made and not yet been written. */
  #unsent = '';
  #framing: AnswerFraming | undefined;
  #isCorked = false;
  #isClosed = false;
  /** All of it has been written; the client may not have taken it. */
  isEnded = false;
  /** All of it has left. */
  isFinished = false;
  /** The connection ends with it. */
  isLast = false;
  /** Where no length is told, only the end of the connection ends it. */
  endsByClose = false;
  /** How long its client may take nothing of what waits for it, in milliseconds; 0 is no limit. */
  untakenMs = 0;
  /** What the client had taken, by the last look that found more of it, and what waited in the system's place. */
  #taken = '';
  #takenAt = 0;

  constructor(request: ClientRequest, carrier: ResponseCarrier) {
    super();
    this.request = request;
    this.#carrier = carrier;
    this.#socket = carrier.socket;
  }

  /** Whether its head has been made: it can be no other answer any more. */
  get headersSent(): boolean {
    return this.#framing !== undefined;
  }

  /** Whether `close` has been told. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Bytes that have been written and wait for the client to take them. */
  get writableLength(): number {
    return this.#socket.writableLength;
  }

  /** Tells a client that waits for it to send its body. */
  writeContinue(): void {
    this.#socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1');
  }

  /** Makes the head; it leaves with the first bytes of the body, or by `flushHead`. Throws `InvalidHead`. */
  writeHead(status: number, phrase: string, fields: readonly string[]): void {
    const { method, minorVersion } = this.request;
    const { isLast, endsByClose } = this;
    const { keepAliveMs } = this.#carrier;
    const head = renderHead({
      status,
      phrase,
      fields,
      method,
      minorVersion,
      isLast,
      endsByClose,
      keepAliveMs,
    });
    this.#unsent = head.text;
    this.#framing = head.framing;
    this.isLast = head.isLast;
  }

  /** Sends the head with whatever else comes in this turn of the event loop. */
  flushHead(): void {
    if (this.#unsent === '') return;
    this.#cork();
    this.#socket.write(this.#takeHead(), 'latin1');
    process.nextTick(uncork, this);
  }

  /** Writes a piece of the body, which is the answer's own from then on. False: no more until `drain`. */
  write(bytes: Buffer): boolean {
    if (this.#framing === 'none' || this.isEnded || bytes.length === 0) return true;
    const isChunked = this.#framing === 'chunked';
    if (!isChunked && this.#unsent === '') return this.#socket.write(bytes);
    if (bytes.length <= JOINED_BYTES) return this.#socket.write(this.#joined(bytes, isChunked), 'latin1');
    const before = `${this.#takeHead()}${isChunked ? `${bytes.length.toString(16)}\r\n` : ''}`;
    this.#socket.cork();
    this.#socket.write(before, 'latin1');
    let mayGoOn = this.#socket.write(bytes);
    if (isChunked) mayGoOn = this.#socket.write('\r\n', 'latin1');
    this.#socket.uncork();
    return mayGoOn;
  }

  /**
   * Ends it with what is left: bytes that need hold only until this returns, since whoever reads them may read on into the same memory.
   * What is small leaves with the other answers of this turn of the event loop.
   */
  end(rest?: Buffer): void {
    if (this.isEnded) return;
    this.#cork();
    this.#writeLast(rest);
    this.isEnded = true;
    if (rest !== undefined && rest.length > JOINED_BYTES) this.leave();
    else leaveTogether(this);
  }

  /** Has what waits of it for the end of the turn leave now: it has ended. */
  leave(): void {
    uncork(this);
    const socket = this.#socket;
    // What was written to a socket that has ended or failed has not left: its close is what is told.
    if (!socket.writable) return;
    if (socket.writableLength === 0) {
      process.nextTick(finish, this);
      return;
    }
    socket.write(NOTHING, (error) => error ?? finish(this));
    this.#carrier.untaken(this.request);
  }

  /** Tells `timeout` where nothing has been taken for too long: the socket's own time begins anew with each byte that its client sends. */
  look(now: number): void {
    if (this.untakenMs === 0) return;
    const { bytesWritten, writableLength, _handle } = this.#socket as Inner;
    const taken = `${bytesWritten - writableLength} ${_handle?.writeQueueSize ?? 0}`;
    if (writableLength === 0 || taken !== this.#taken) {
      this.#taken = taken;
      this.#takenAt = now;
    } else if (now - this.#takenAt > this.untakenMs) this.emit('timeout');
  }

  /** Its connection has ended; told by the connection alone. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.emit('close');
  }

  #writeLast(rest: Buffer | undefined): void {
    const framing = this.#framing;
    const isChunked = framing === 'chunked';
    if (rest !== undefined && framing !== 'none' && rest.length > JOINED_BYTES) {
      this.write(Buffer.from(rest));
      if (isChunked) this.#socket.write('0\r\n\r\n', 'latin1');
      return;
    }
    let text =
      rest === undefined || framing === 'none' || rest.length === 0
        ? this.#takeHead()
        : this.#joined(rest, isChunked);
    if (isChunked) text += '0\r\n\r\n';
    if (text !== '') this.#socket.write(text, 'latin1');
  }

  #joined(bytes: Buffer, isChunked: boolean): string {
    const text = latin1(bytes);
    const head = this.#takeHead();
    return isChunked ? `${head}${bytes.length.toString(16)}\r\n${text}\r\n` : head + text;
  }

  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.#socket.cork();
  }

  #takeHead(): string {
    const head = this.#unsent;
    this.#unsent = '';
    return head;
  }

  static uncork(response: ClientResponse): void {
    if (!response.#isCorked) return;
    response.#isCorked = false;
    response.#socket.uncork();
  }

  static finish(response: ClientResponse): void {
    if (response.#isClosed || response.isFinished) return;
    response.isFinished = true;
    response.emit('finish');
    response.close();
    response.#carrier.answered(response);
  }
}

const { uncork, finish } = ClientResponse;
const NOTHING: Buffer = Buffer.alloc(0);
