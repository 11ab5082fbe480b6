/** How many processes may be starting at once in the whole sidecar: five hundred groups wanted together come up in turn. */
import type { Clock } from './clock.ts';

/**
 * A start that takes long gives its place away, so that one slow application delays nobody's start for longer.
 */
const LONGEST_HOLD_MS = 3_000;

/** A counter with a queue. */
export class StartGate {
  readonly #limit: number;
  readonly #clock: Clock;
  readonly #queue: (() => void)[] = [];
  #inside = 0;

  constructor(limit: number, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /** Whether processes are starting. */
  get isBusy(): boolean {
    return this.#inside > 0;
  }

  /** Calls `begin` now or when a place is free; `leave` gives the place back and may be called again without effect. */
  enter(begin: (leave: () => void) => void): void {
    if (this.#inside >= this.#limit) {
      this.#queue.push(() => this.enter(begin));
      return;
    }
    this.#inside += 1;
    let left = false;
    const leave = (): void => {
      cancelTimer();
      if (left) return;
      left = true;
      this.#inside -= 1;
      this.#queue.shift()?.();
    };
    const cancelTimer = this.#clock.after(LONGEST_HOLD_MS, leave);
    begin(leave);
  }
}
