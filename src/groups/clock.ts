import { timerMs } from '../timer-ms.ts';

/** Time as groups see it; injected, so that schedules can be tested in virtual time. */
export type Clock = {
  /** Milliseconds; only differences and, in reports, Unix time count. */
  readonly now: () => number;
  /** Calls back once after that many ms; returns how to call it off. */
  readonly after: (ms: number, callback: () => void) => () => void;
};

/** The real one. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, callback) => {
    // A timer alone keeps no sidecar alive; its listeners and children do.
    const timer = setTimeout(callback, timerMs(ms)).unref();
    return () => clearTimeout(timer);
  },
};
