/**
 * How slowly a client may send its body (`limits.bodyTimeout`, `limits.bodyMinRate`). The law is that of Apache's mod_reqtimeout
 * (`body=10,MinRate=500`): a time to begin with, and a second more for each so many bytes; here only the time counts in which it is the
 * client that is waited for. No timer of its own: the socket's, and a look at each piece.
 */
import type { Exchange } from './exchange.ts';
import { REFUSED_RATE, REFUSED_SILENCE, type RefusalRule } from './rules.ts';

/** Parts of `limits.bodyTimeout`: a client is cut off at most one part late. */
const PARTS = 20;

/** Lives as long as somebody reads the body. */
export class BodyPace {
  readonly #exchange: Exchange;
  readonly #partMs: number;
  #waitedMs = 0;
  /** When it became the client's turn; undefined while it is not. */
  #since: number | undefined;
  #restingSince = Number.NEGATIVE_INFINITY;
  #isRateNext = false;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    this.#partMs = exchange.limits.bodyTimeoutMs / PARTS;
  }

  /** The rule that a client breaks by being silent until the socket's timeout. */
  get rule(): RefusalRule {
    return this.#isRateNext ? REFUSED_RATE : REFUSED_SILENCE;
  }

  /** It is the client's turn, with so many bytes of it there already. */
  begin(bytes: number): void {
    if (this.#since !== undefined) return;
    const now = performance.now();
    this.#since = now;
    // Its time may be nearly over by somebody else's fault.
    if (now - this.#restingSince > this.#partMs) this.#arm(this.#leftMs(bytes, now));
  }

  /** It is somebody else's turn. */
  rest(): void {
    if (this.#since === undefined) return;
    this.#restingSince = performance.now();
    this.#waitedMs += this.#restingSince - this.#since;
    this.#since = undefined;
  }

  /** More has come, `bytes` in all; the rule where that was too slow. */
  arrived(bytes: number): RefusalRule | undefined {
    this.begin(bytes);
    const leftMs = this.#leftMs(bytes, performance.now());
    if (leftMs <= 0) return REFUSED_RATE;
    if (this.#isRateNext || this.#isBefore(leftMs)) this.#arm(leftMs);
    return undefined;
  }

  /** Has the socket tell when the time is over, unless it watches over the answer. */
  #arm(leftMs: number): void {
    const { limits, request, isWatched } = this.#exchange;
    this.#isRateNext = this.#isBefore(leftMs);
    if (isWatched) return;
    const parts = Math.ceil(leftMs / this.#partMs);
    request.socket.setTimeout(this.#isRateNext ? Math.ceil(parts * this.#partMs) : limits.bodyTimeoutMs);
  }

  /** Whether the rate ends it before silence does. */
  #isBefore(leftMs: number): boolean {
    return leftMs <= this.#exchange.limits.bodyTimeoutMs - this.#partMs;
  }

  #leftMs(bytes: number, now: number): number {
    const { bodyTimeoutMs, bodyMinRate } = this.#exchange.limits;
    if (bodyTimeoutMs === 0 || bodyMinRate === 0) return Number.POSITIVE_INFINITY;
    const waitedMs = this.#waitedMs + (this.#since === undefined ? 0 : now - this.#since);
    return bodyTimeoutMs + (bytes * 1000) / bodyMinRate - waitedMs;
  }
}
