/** When a process that ended is started again, and when a group gives up; pure. */

/** How often in a row a group's processes failed; a process that stays up for `HEALTHY_AFTER_MS` ends the row. */
export type FailureRow = { readonly boots: number; readonly crashes: number };

/** What to do after a failure. */
export type Verdict =
  | { readonly kind: 'retry'; readonly delayMs: number }
  /** No start of its own any more; the first request after the cool-down tries again. */
  | { readonly kind: 'give-up'; readonly coolDownMs: number };

/** Nothing failed. */
export const NO_FAILURES: FailureRow = { boots: 0, crashes: 0 };

/** A process that was up this long had nothing wrong with its start. */
export const HEALTHY_AFTER_MS = 10_000;

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;
const BOOTS_BEFORE_GIVING_UP = 5;
const COOL_DOWN_MS = 60_000;

/** The row after a process ended that had been ready for `upMs`. */
export function countCrash(row: FailureRow, upMs: number): FailureRow {
  return { boots: 0, crashes: upMs >= HEALTHY_AFTER_MS ? 1 : row.crashes + 1 };
}

/** The row after a start that came to nothing. */
export function countBootFailure(row: FailureRow): FailureRow {
  return { ...row, boots: row.boots + 1 };
}

/**
 * What to do now. A first crash is followed by a start at once, because a request may be waiting and nothing
 * speaks against it; failed starts are spaced from the first on, since the next will most likely fail as well.
 * `random` is in [0, 1).
 */
export function judge({ boots, crashes }: FailureRow, random: number): Verdict {
  if (boots >= BOOTS_BEFORE_GIVING_UP) return { kind: 'give-up', coolDownMs: COOL_DOWN_MS };
  const doublings = boots > 0 ? boots + crashes - 1 : crashes - 2;
  if (doublings < 0) return { kind: 'retry', delayMs: 0 };
  return {
    kind: 'retry',
    delayMs: jitter(Math.min(FIRST_DELAY_MS * 2 ** doublings, LONGEST_DELAY_MS), random),
  };
}

/** A fifth to either side, so that groups that fell together do not rise together. */
function jitter(delayMs: number, random: number): number {
  return Math.round(delayMs * (0.8 + 0.4 * random));
}
