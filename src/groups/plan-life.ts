/** When the processes of a group come and go besides its first start: how many, how old, how full, how slow. Pure. */
import type { ProcessGroup } from '../site/model.ts';

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
  /** `restart-interval`: age at which a process is replaced. */
  readonly restartIntervalMs?: number;
  /** Resident memory of a process and its children, in bytes, beyond which it is replaced. */
  readonly maxMemoryBytes?: number;
  /** `graceful-timeout`: what a process that is replaced leaves its requests before it is ended. */
  readonly gracefulTimeoutMs: number;
  /** `eviction-timeout`: the same when an operator asks for the end. */
  readonly evictionTimeoutMs: number;
  /** `deadlock-timeout`: how long no Python thread may run. */
  readonly deadlockTimeoutMs: number;
  /** How long a process may be stopped (SIGSTOP) or otherwise frozen with requests in it. */
  readonly frozenTimeoutMs: number;
};

/** What the settings may say of it, as default or for one group. */
export type LifeSettings = { readonly [K in keyof LifePlan]?: LifePlan[K] | undefined };

const SCALE_UP_AFTER_MS = 0;
const SCALE_DOWN_AFTER_MS = 60_000;
/** Defaults of `graceful-timeout` and `deadlock-timeout` of mod_wsgi 4.9 (`wsgi_add_daemon_process`). */
const GRACEFUL_TIMEOUT_MS = 15_000;
const DEADLOCK_TIMEOUT_MS = 300_000;
const FROZEN_TIMEOUT_MS = 5_000;

/** Where the parts of a life plan come from, the first that says something first. */
export type LifeSources = {
  readonly own: LifeSettings;
  readonly processGroup?: ProcessGroup | undefined;
  readonly defaults: LifeSettings;
};

/** The life plan: the group's own settings, then its `WSGIDaemonProcess`, then the settings' defaults, then mod_wsgi's. */
export function planLife({ own, processGroup, defaults }: LifeSources): LifePlan {
  const option = (name: string): number | undefined => positiveOf(processGroup?.options.get(name));
  const seconds = (name: string): number | undefined => {
    const value = option(name);
    return value === undefined ? undefined : value * 1000;
  };
  const optional = <K extends keyof LifePlan>(key: K, stated?: LifePlan[K]): { [P in K]?: LifePlan[K] } => {
    const value = own[key] ?? stated ?? defaults[key];
    return value === undefined || value === 0 ? {} : ({ [key]: value } as { [P in K]?: LifePlan[K] });
  };
  const graceful = own.gracefulTimeoutMs ?? seconds('graceful-timeout') ?? defaults.gracefulTimeoutMs;
  const eviction = own.evictionTimeoutMs ?? seconds('eviction-timeout') ?? defaults.evictionTimeoutMs;
  const deadlock = own.deadlockTimeoutMs ?? seconds('deadlock-timeout') ?? defaults.deadlockTimeoutMs;
  const either = (key: keyof LifePlan, otherwise: number): number => own[key] ?? defaults[key] ?? otherwise;
  return {
    minProcesses: either('minProcesses', 1),
    scaleUpAfterMs: either('scaleUpAfterMs', SCALE_UP_AFTER_MS),
    scaleDownAfterMs: either('scaleDownAfterMs', SCALE_DOWN_AFTER_MS),
    ...optional('maximumRequests', option('maximum-requests')),
    maximumRequestsJitter: either('maximumRequestsJitter', 0),
    ...optional('inactivityTimeoutMs', seconds('inactivity-timeout')),
    ...optional('requestTimeoutMs', seconds('request-timeout')),
    ...optional('restartIntervalMs', seconds('restart-interval')),
    ...optional('maxMemoryBytes'),
    gracefulTimeoutMs: graceful ?? GRACEFUL_TIMEOUT_MS,
    evictionTimeoutMs: eviction ?? graceful ?? GRACEFUL_TIMEOUT_MS,
    deadlockTimeoutMs: deadlock ?? DEADLOCK_TIMEOUT_MS,
    frozenTimeoutMs: either('frozenTimeoutMs', FROZEN_TIMEOUT_MS),
  };
}

/** mod_wsgi's 0 means that there is no limit. */
function positiveOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) && Number(text) > 0 ? Number(text) : undefined;
}
