/**
 * The way of a long answer to a client that does not take it at once. For a while the upstream waits; a client that lags behind has the rest
 * kept for it, so that its upstream is free. Laws: what a fast client takes is never kept, and a client is written no faster than it reads.
 */
import { AnswerSpool } from './answer-spool.ts';
import type { Exchange } from './exchange.ts';
import type { SpoolRoom } from './spool-room.ts';

/** How long an upstream waits for a client that has taken nothing yet, and at most, in milliseconds. */
const PATIENCE_MS = 20;
const MOST_PATIENCE_MS = 200;
/** Who takes 8 MiB a second may go on like that. */
const BYTES_PER_MS = 8389;

/** Made when the client's side is full for the first time. */
export class AnswerOutlet {
  readonly #exchange: Exchange;
  readonly #resume: () => void;
  readonly #room: SpoolRoom | undefined;
  #spool: AnswerSpool | undefined;
  #patienceMs = PATIENCE_MS;
  #waitingSince = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Told when the client has been given all, once the upstream has ended. */
  #finish: (() => void) | undefined;
  #isOver = false;

  /** `resume` has the upstream go on. */
  constructor(exchange: Exchange, resume: () => void) {
    this.#exchange = exchange;
    this.#resume = resume;
    const { memoryBytes, fileBytes } = exchange.limits.spool;
    this.#room = memoryBytes + fileBytes > 0 ? exchange.deps.spool : undefined;
    exchange.watchSending();
    exchange.response.on('drain', () => this.#drained());
    this.#wait();
  }

  /** Whether what it is given stays with it: the client lags behind. */
  get isKeeping(): boolean {
    return this.#spool !== undefined;
  }

  /** Takes a piece of the answer, which is its own from now on. False: no more until `resume`. */
  write(bytes: Buffer): boolean {
    if (this.#spool !== undefined) return this.#spool.take(bytes);
    this.#patienceMs = Math.min(MOST_PATIENCE_MS, this.#patienceMs + bytes.length / BYTES_PER_MS);
    if (this.#exchange.response.write(bytes)) return true;
    this.#wait();
    return false;
  }

  /** The upstream has ended: `finish` is told when all is written. */
  end(finish: () => void): void {
    this.#stopWaiting();
    this.#finish = finish;
    if (this.#spool === undefined) this.#emptied();
  }

  /** Nobody takes it any longer; returns how many bytes were never written. */
  discard(): number {
    this.#isOver = true;
    this.#stopWaiting();
    const bytes = this.#spool?.heldBytes ?? 0;
    this.#spool?.discard();
    this.#spool = undefined;
    return bytes;
  }

  #wait(): void {
    if (this.#room === undefined) return;
    const since = performance.now();
    this.#waitingSince = since;
    // The client's side is asked once more before it is judged: it may be the sidecar that was busy.
    const judge = (): void => {
      if (this.#timer !== undefined && this.#waitingSince === since) this.#keepRest();
    };
    this.#timer = setTimeout(() => setImmediate(judge), this.#patienceMs);
  }

  #stopWaiting(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #drained(): void {
    if (this.#spool !== undefined) {
      this.#spool.drained();
      return;
    }
    this.#patienceMs = Math.max(1, this.#patienceMs - (performance.now() - this.#waitingSince));
    this.#stopWaiting();
    this.#goOn();
  }

  #keepRest(): void {
    this.#timer = undefined;
    const { response, limits } = this.#exchange;
    this.#spool = new AnswerSpool(this.#room as SpoolRoom, limits.spool, {
      write: (bytes) => response.write(bytes),
      hasRoom: () => this.#goOn(),
      emptied: () => this.#emptied(),
      failed: (error) => this.#exchange.collapse(error, 'What was kept of an answer cannot be read'),
    });
    this.#resume();
  }

  /** The connection of an upstream that has ended is another request's. */
  #goOn(): void {
    if (this.#finish === undefined && !this.#isOver) this.#resume();
  }

  #emptied(): void {
    this.#spool = undefined;
    this.#patienceMs = PATIENCE_MS;
    if (this.#finish === undefined) this.#goOn();
    else this.#finish();
  }
}
