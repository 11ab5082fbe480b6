/** When the next start of a group may be made: the row of its failures, and the timer of the restart that is due. */
import { countBootFailure, countCrash, type FailureRow, judge, NO_FAILURES } from './backoff.ts';
import type { Clock } from './clock.ts';

/** What a schedule is wired to. */
export type RestartScheduleDeps = {
  readonly clock: Clock;
  /** In [0, 1), for jitter. */
  readonly random: () => number;
};

export class RestartSchedule {
  readonly #deps: RestartScheduleDeps;
  readonly #restart: () => void;
  #row: FailureRow = NO_FAILURES;
  #hasGivenUp = false;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #cancelTimer: (() => void) | undefined;

  /** `restart` is called when a restart that was asked for is due. */
  constructor(deps: RestartScheduleDeps, restart: () => void) {
    this.#deps = deps;
    this.#restart = restart;
  }

  /** When the next start may be made, by the clock's `now`; in the past when nothing stands against a start. */
  get notBeforeMs(): number {
    return this.#notBeforeMs;
  }

  /** Whether only a request after `notBeforeMs` leads to a start. */
  get hasGivenUp(): boolean {
    return this.#hasGivenUp;
  }

  waitMs(): number {
    return Math.max(0, this.#notBeforeMs - this.#deps.clock.now());
  }

  /** A process ended that had been ready for `upMs`. */
  crashed(upMs: number): void {
    this.#judge(countCrash(this.#row, upMs));
  }

  startFailed(): void {
    this.#judge(countBootFailure(this.#row));
  }

  startSucceeded(): void {
    this.#row = { ...this.#row, boots: 0 };
    this.#hasGivenUp = false;
  }

  /** Something has changed, so what failed before says nothing. */
  forgive(): void {
    this.callOff();
    this.#row = NO_FAILURES;
    this.#hasGivenUp = false;
    this.#notBeforeMs = Number.NEGATIVE_INFINITY;
  }

  /** Has `restart` called when a start may be made, at once if that is now. */
  ask(): void {
    const waitMs = this.waitMs();
    if (waitMs === 0) {
      this.callOff();
      this.#restart();
    } else {
      this.#cancelTimer ??= this.#deps.clock.after(waitMs, () => {
        this.#cancelTimer = undefined;
        this.ask();
      });
    }
  }

  callOff(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #judge(row: FailureRow): void {
    const verdict = judge(row, this.#deps.random());
    this.#row = row;
    this.#hasGivenUp = verdict.kind === 'give-up';
    this.#notBeforeMs =
      this.#deps.clock.now() + (verdict.kind === 'retry' ? verdict.delayMs : verdict.coolDownMs);
  }
}
