/** The time limits of connections between their requests: one timer for all of them, instead of one for each. */
import { timerMs } from '../timer-ms.ts';

/** A connection that may have to be waited for. */
export type Waiting = {
  /** Told at each look; ends what has waited too long. */
  look(now: number): void;
};

/** Parts of the shortest limit, and their longest, since some connections linger without one: each is ended at most one part late. */
const PARTS = 20;
const LONGEST_PART_MS = 500;

/** Ticks as long as there are connections. */
export class ConnectionClock {
  readonly #watched = new Set<Waiting>();
  #partMs = LONGEST_PART_MS;
  #timer: NodeJS.Timeout | undefined;

  /** Sets how often is looked: by the shortest of the limits, in milliseconds; 0 for none. */
  setLimits(limits: readonly number[]): void {
    const shortest = Math.min(...limits.filter((limit) => limit > 0));
    this.#partMs = Math.min(LONGEST_PART_MS, shortest / PARTS);
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#start();
  }

  watch(waiting: Waiting): void {
    this.#watched.add(waiting);
    this.#start();
  }

  forget(waiting: Waiting): void {
    this.#watched.delete(waiting);
    if (this.#watched.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #start(): void {
    this.#timer ??= setInterval(() => this.#look(), timerMs(this.#partMs)).unref();
  }

  #look(): void {
    const now = performance.now();
    for (const waiting of this.#watched) waiting.look(now);
  }
}
