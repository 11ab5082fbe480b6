/**
 * What `groups/` tells whoever listens (metrics, log, events). Owned here, fulfilled by `metrics/`.
 */
import type { GroupIdentity } from '../routing/group-key.ts';

export type GroupState = 'idle' | 'starting' | 'ready' | 'draining' | 'backing_off' | 'failed';

/** Why a process is replaced because of how it is: `Watch` finds them. */
export type RecycleReason =
  | 'maximum_requests'
  | 'restart_interval'
  | 'max_memory'
  | 'request_timeout'
  | 'startup_timeout'
  | 'cpu_time_limit';

/** Why a process was started in the place of another one. */
export type ReplacementReason = 'deploy' | 'reload' | RecycleReason;

/** Why a process was started. */
export type StartReason = 'demand' | 'preload' | 'crash' | 'frozen' | ReplacementReason;

/** Why a process ended; the `reason` label of `process_exits_total`. */
export type ExitReason =
  | 'crash'
  | 'signal'
  | 'oom'
  | 'frozen'
  | 'shutdown'
  | 'boot_failed'
  | 'inactivity'
  | 'scale_down'
  | 'process_limit'
  | ReplacementReason;

export type GroupObserver = {
  groupStateChanged(identity: GroupIdentity, from: GroupState | undefined, to: GroupState): void;
  processStarted(identity: GroupIdentity, reason: StartReason): void;
  processReady(identity: GroupIdentity, startSeconds: number): void;
  processExited(identity: GroupIdentity, reason: ExitReason): void;
  /** A replacement is over; `kept`: the new process did not come up, the old one goes on serving. */
  processReplaced(identity: GroupIdentity, reason: ReplacementReason, result: 'ready' | 'kept'): void;
  /** It is known no more: what was shown of it is of the past. */
  groupDropped(identity: GroupIdentity): void;
};

type LogMethod = (fields: object, message: string) => void;

/** The part of a pino logger that `groups/` writes to. */
export type GroupLog = {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
};
