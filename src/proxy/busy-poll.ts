/**
 * Looks for the next event instead of sleeping, as long as that is likely to come at once: to be woken on another core costs a
 * request that a fast application answers more than all work on it (test/bench/NOTES.md). Law: never on a machine with one core, never
 * while more requests are under way than the other cores can work at, and never for longer than `PATIENCE_MS` without an event.
 */
import { availableParallelism } from 'node:os';

/** Events that come further apart than this on average are slept for, in ms. */
const BRISK_MS = 0.25;
/** How long one event is looked for, in ms. */
const PATIENCE_MS = 0.5;
/** The weight of the latest gap in the average, and the longest that one counts, in ms. */
const WEIGHT = 1 / 16;
const LONGEST_GAP_MS = 4;

/** The world of a `BusyPoll`. */
export type BusyPollDeps = {
  /** In ms, with fractions. */
  readonly now: () => number;
  /** Runs `look` once the event loop has looked for events, without having waited for them. */
  readonly afterLook: (look: () => void) => void;
  readonly cores: number;
};

const REAL: BusyPollDeps = {
  now: () => performance.now(),
  afterLook: (look) => void setImmediate(look),
  cores: availableParallelism(),
};

/** One per sidecar: there is one event loop. */
export class BusyPoll {
  /** Setting `busyPoll`. */
  isWanted = true;
  readonly #deps: BusyPollDeps;
  readonly #most: number;
  #inFlight = 0;
  #lastAt = Number.NEGATIVE_INFINITY;
  #averageGap = LONGEST_GAP_MS;
  #isLooking = false;

  constructor(deps: BusyPollDeps = REAL) {
    this.#deps = deps;
    this.#most = deps.cores - 1;
  }

  /** Whether it keeps the event loop from sleeping. */
  get isLooking(): boolean {
    return this.#isLooking;
  }

  /** A request has come. */
  requestBegan(at: number): void {
    this.#inFlight += 1;
    this.heard(at);
  }

  requestEnded(): void {
    this.#inFlight -= 1;
  }

  /** Something has come that a client or a process waited to get rid of. */
  heard(at: number): void {
    const gap = Math.min(at - this.#lastAt, LONGEST_GAP_MS);
    this.#lastAt = at;
    this.#averageGap += (gap - this.#averageGap) * WEIGHT;
    if (this.#isLooking || !this.#isWorthwhile()) return;
    this.#isLooking = true;
    this.#deps.afterLook(this.#look);
  }

  #isWorthwhile(): boolean {
    return this.isWanted && this.#most > 0 && this.#inFlight <= this.#most && this.#averageGap < BRISK_MS;
  }

  readonly #look = (): void => {
    const isOver = this.#deps.now() - this.#lastAt > PATIENCE_MS || !this.#isWorthwhile();
    if (isOver) this.#isLooking = false;
    else this.#deps.afterLook(this.#look);
  };
}
