/**
 * What `groups/` tells whoever listens (metrics, log, events). Owned here, fulfilled by `metrics/`.
 */
import type { GroupIdentity } from '../routing/group-key.ts';

export type GroupState = 'idle' | 'starting' | 'ready' | 'draining' | 'backing_off' | 'failed';

/** Why a process was started in the place of another one. */
export type ReplacementReason = 'deploy' | 'reload';

/** Why a process was started. */
export type StartReason = 'demand' | 'preload' | 'crash' | ReplacementReason;

/** Why a process ended; the `reason` label of `process_exits_total`. */
export type ExitReason = 'crash' | 'signal' | 'shutdown' | 'boot_failed' | 'inactivity' | ReplacementReason;

export type GroupObserver = {
  groupStateChanged(identity: GroupIdentity, from: GroupState | undefined, to: GroupState): void;
  processStarted(identity: GroupIdentity, reason: StartReason): void;
  processReady(identity: GroupIdentity, startSeconds: number): void;
  processExited(identity: GroupIdentity, reason: ExitReason): void;
};

type LogMethod = (fields: object, message: string) => void;

/** The part of a pino logger that `groups/` writes to. */
export type GroupLog = {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
};
