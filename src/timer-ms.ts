/**
 * The longest that Node's timers wait, in milliseconds, some 24 days: one that is given more is over at once. Less a second, which its HTTP
 * server adds to the time of an idle connection.
 */
const LONGEST_MS = 2 ** 31 - 1 - 1000;

/** What to give a timer that is to wait so long: people write "never" as a great number of seconds. */
export function timerMs(ms: number): number {
  return Math.min(ms, LONGEST_MS);
}
