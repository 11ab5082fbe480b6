/** The time limit of answers: one timer for all of them, instead of two for each. */
import { timerMs } from '../timer-ms.ts';

/** Something that may have to be waited for: a connection. Connections last; a set of requests would age and burden the collector. */
export type Timed = {
  /** The tick at which it was last heard of; -1 while it is not its turn. */
  silentSince: number;
  /** Told once when it has been silent for too long. */
  timeOut(): void;
};

/** How many ticks a limit is divided into; an answer is given up at most one tick late. */
const TICKS = 20;

/** Ticks as long as it has connections to watch. */
export class ResponseClock {
  readonly #watched = new Set<Timed>();
  readonly #tickMs: number;
  #timer: NodeJS.Timeout | undefined;
  /** The present; counts up from 0. */
  tick = 0;

  /** `limitMs` of 0 is no limit. */
  constructor(limitMs: number) {
    this.#tickMs = limitMs / TICKS;
  }

  watch(timed: Timed): void {
    this.#watched.add(timed);
    if (this.#timer !== undefined || this.#tickMs === 0) return;
    this.#timer = setInterval(() => this.#advance(), timerMs(this.#tickMs));
    this.#timer.unref();
  }

  forget(timed: Timed): void {
    this.#watched.delete(timed);
    if (this.#watched.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #advance(): void {
    this.tick += 1;
    for (const timed of this.#watched) {
      if (timed.silentSince < 0 || this.tick - timed.silentSince <= TICKS) continue;
      timed.silentSince = -1;
      timed.timeOut();
    }
  }
}
