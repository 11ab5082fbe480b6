import { timerMs } from '../timer-ms.ts';

/**
 * What the machine's clock on the wall shows, for people and programs outside. It may be set at any moment, and then jumps by hours;
 * so it is no number, and nothing can be reckoned with it.
 */
export type WallTime = Date;

/** Time as groups see it; injected, so that schedules can be tested in virtual time. */
export type Clock = {
  /**
   * Whole milliseconds of a clock that nobody can set (CLOCK_MONOTONIC): what is decided goes by it. Only the difference of two
   * moments means anything; names of both end in `Ms`.
   */
  readonly now: () => number;
  /** For what is shown or written down. */
  readonly wallTime: () => WallTime;
  /** Calls back once after that many ms; returns how to call it off. */
  readonly after: (ms: number, callback: () => void) => () => void;
};

/** The real one. */
export const systemClock: Clock = {
  now: () => Math.floor(performance.now()),
  wallTime: () => new Date(),
  after: (ms, callback) => {
    // A timer alone keeps no sidecar alive; its listeners and children do.
    const timer = setTimeout(callback, timerMs(ms)).unref();
    return () => clearTimeout(timer);
  },
};
