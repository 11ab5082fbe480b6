/** When the processes of a group come and go besides its first start: how many, how old, how full, how slow. Pure. */

/** What of a plan decides when a process is started beside, in place of or after another. Times in ms; absent: no limit. */
export type LifePlan = {
  /** Kept up once the group has been wanted, until it has been idle for `inactivityTimeoutMs`. */
  readonly minProcesses: number;
  /** How long the first in the queue waits before a further process is started beside those that serve. */
  readonly scaleUpAfterMs: number;
  /** How long a process beyond `minProcesses` is kept that has nothing to do. */
  readonly scaleDownAfterMs: number;
  /** `maximum-requests`; each process gets up to `maximumRequestsJitter` more, so that they do not go together. */
  readonly maximumRequests?: number;
  readonly maximumRequestsJitter: number;
  /** `inactivity-timeout`: the group's processes end, and the next request starts one. */
  readonly inactivityTimeoutMs?: number;
  /** `request-timeout`: of the processes' mean request age as mod_wsgi 4.9 and 5 count it, of each request by 6. */
  readonly requestTimeoutMs?: number;
  /**
   * `interrupt-timeout`: what a thread has left after the worker has raised `mod_wsgi.RequestTimeout` in it. Only then,
   * so long after `requestTimeoutMs` is over, the process has to go.
   */
  readonly interruptTimeoutMs?: number;
  /** `restart-interval`: age at which a process is replaced. */
  readonly restartIntervalMs?: number;
  /** Resident memory of a process and its children, in bytes, beyond which it is replaced. */
  readonly maxMemoryBytes?: number;
  /** `graceful-timeout`: what a process that is replaced leaves its requests before it is ended. */
  readonly gracefulTimeoutMs: number;
  /** `eviction-timeout`: the same when an operator asks for the end. */
  readonly evictionTimeoutMs: number;
  /** `deadlock-timeout`: how long no Python thread may run; 0 is for ever. */
  readonly deadlockTimeoutMs: number;
  /** How long a process may be stopped (SIGSTOP) or otherwise frozen with requests in it; 0 is for ever. */
  readonly frozenTimeoutMs: number;
};

/** What the settings or a `WSGIDaemonProcess` may say of it. */
export type LifeSettings = { readonly [K in keyof LifePlan]?: LifePlan[K] | undefined };

const SCALE_UP_AFTER_MS = 0;
const SCALE_DOWN_AFTER_MS = 60_000;
/** Defaults of `graceful-timeout` and `deadlock-timeout` of mod_wsgi 4.9 (`wsgi_add_daemon_process`). */
const GRACEFUL_TIMEOUT_MS = 15_000;
const DEADLOCK_TIMEOUT_MS = 300_000;
const FROZEN_TIMEOUT_MS = 5_000;

/** The limits of which 0 means that there is none. */
const OPTIONAL = [
  'maximumRequests',
  'inactivityTimeoutMs',
  'requestTimeoutMs',
  'interruptTimeoutMs',
  'restartIntervalMs',
  'maxMemoryBytes',
] as const satisfies readonly (keyof LifePlan)[];

/** The life plan of what was said of a group, and mod_wsgi's defaults. */
export function planLife(said: LifeSettings): LifePlan {
  const limits = OPTIONAL.filter((key) => (said[key] ?? 0) > 0).map((key) => [key, said[key]]);
  const gracefulTimeoutMs = said.gracefulTimeoutMs ?? GRACEFUL_TIMEOUT_MS;
  return {
    minProcesses: said.minProcesses ?? 1,
    scaleUpAfterMs: said.scaleUpAfterMs ?? SCALE_UP_AFTER_MS,
    scaleDownAfterMs: said.scaleDownAfterMs ?? SCALE_DOWN_AFTER_MS,
    maximumRequestsJitter: said.maximumRequestsJitter ?? 0,
    ...(Object.fromEntries(limits) as Partial<LifePlan>),
    gracefulTimeoutMs,
    // mod_wsgi: 0 stands for graceful-timeout.
    evictionTimeoutMs: said.evictionTimeoutMs || gracefulTimeoutMs,
    deadlockTimeoutMs: said.deadlockTimeoutMs ?? DEADLOCK_TIMEOUT_MS,
    frozenTimeoutMs: said.frozenTimeoutMs ?? FROZEN_TIMEOUT_MS,
  };
}
