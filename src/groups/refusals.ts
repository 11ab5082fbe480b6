/** The refusals that groups give, one function each; `proxy/failure.ts` turns their codes into statuses. */
import { displayName, type GroupIdentity } from '../routing/group-key.ts';
import type { Refusal } from './lease.ts';

/** How long a client should stay away when nothing better is known. */
const RETRY_AFTER_SECONDS = 5;

export function queueFull(identity: GroupIdentity, limit: number): Refusal {
  const message = `${nameOf(identity)} has ${limit} requests waiting, which is its limit: raise "queueLength" or its processes`;
  return { kind: 'refusal', code: 'ERR_QUEUE_FULL', message, retryAfterSeconds: RETRY_AFTER_SECONDS };
}

export function queueTimeout(identity: GroupIdentity, timeoutMs: number): Refusal {
  const message = `${nameOf(identity)} had no free thread for ${timeoutMs / 1000} s: raise its processes or threads`;
  return { kind: 'refusal', code: 'ERR_QUEUE_TIMEOUT', message, retryAfterSeconds: RETRY_AFTER_SECONDS };
}

export function clientGone(identity: GroupIdentity): Refusal {
  return {
    kind: 'refusal',
    code: 'ERR_CLIENT_GONE',
    message: `Client left while waiting for ${nameOf(identity)}`,
  };
}

export function draining(identity: GroupIdentity): Refusal {
  const message = `${nameOf(identity)} is being stopped: it takes no new requests`;
  return { kind: 'refusal', code: 'ERR_DRAINING', message, retryAfterSeconds: RETRY_AFTER_SECONDS };
}

/** The start that the request waited for, or that of a failed group, came to nothing. */
export function startFailed(identity: GroupIdentity, problem: string, waitMs: number): Refusal {
  const message = `Cannot start ${nameOf(identity)}: ${problem}`;
  return { kind: 'refusal', code: 'ERR_GROUP_START_FAILED', message, retryAfterSeconds: secondsOf(waitMs) };
}

export function backingOff(identity: GroupIdentity, problem: string, waitMs: number): Refusal {
  const message = `${nameOf(identity)} is started again in ${secondsOf(waitMs)} s: ${problem}`;
  return { kind: 'refusal', code: 'ERR_GROUP_BACKING_OFF', message, retryAfterSeconds: secondsOf(waitMs) };
}

/** Of a group that runs elsewhere: no server of it answers. */
export function noServer(identity: GroupIdentity, problems: string, waitMs: number): Refusal {
  const message = `No server of ${nameOf(identity)} answers: ${problems}`;
  return { kind: 'refusal', code: 'ERR_GROUP_BACKING_OFF', message, retryAfterSeconds: secondsOf(waitMs) };
}

export function groupLimit(identity: GroupIdentity, limit: number): Refusal {
  const message = `No room for ${nameOf(identity)}: ${limit} groups are in use, raise "maxGroups" if all of them are wanted`;
  return { kind: 'refusal', code: 'ERR_GROUP_LIMIT', message, retryAfterSeconds: RETRY_AFTER_SECONDS };
}

/** None of the sidecar's processes is idle, so none can make room. */
export function processLimit(identity: GroupIdentity): Refusal {
  const message = `No room for a process of ${nameOf(identity)}: "maxProcesses" are in use, raise it if there is memory for more`;
  return { kind: 'refusal', code: 'ERR_PROCESS_LIMIT', message, retryAfterSeconds: RETRY_AFTER_SECONDS };
}

function nameOf({ applicationGroup }: GroupIdentity): string {
  return `group "${displayName(applicationGroup)}"`;
}

function secondsOf(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}
