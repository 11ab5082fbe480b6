/** The read model of groups: what the admin side and the command line show. Values, made on demand. */
import type { GroupIdentity } from '../routing/group-key.ts';
import type { Chronicle } from './chronicle.ts';
import type { WallTime } from './clock.ts';
import type { Condition } from './condition.ts';
import type { FailureSnapshot, ScriptFailure } from './failures.ts';
import type { Member, ProcessState } from './member.ts';
import type { GroupState } from './observer.ts';
import type { GroupPlan } from './plan.ts';

export type ProcessSnapshot = {
  /** 0 for a server that runs elsewhere. */
  readonly pid: number;
  /** Where that server is. */
  readonly url?: string;
  readonly state: ProcessState | 'unhealthy';
  readonly startedAt: WallTime;
  readonly since: WallTime;
  readonly inFlight: number;
  readonly threads: number;
  /** Requests that it has had to their end, and those of them whose answer broke. */
  readonly served: number;
  readonly failed: number;
  /** It has broken off a request and is not known to live. */
  readonly isInDoubt: boolean;
  /** Another process is being started in its place. */
  readonly isBeingReplaced: boolean;
};

export type GroupSnapshot = {
  readonly id: string;
  readonly identity: GroupIdentity;
  readonly mode: 'embedded' | 'daemon';
  readonly state: GroupState;
  readonly since: WallTime;
  /** Why it is in that state, for people. */
  readonly reason: string;
  /** How long until the next start is tried, where the state is backing_off or failed; below 0 when it waits for a request. */
  readonly nextStartInMs?: number;
  readonly processes: readonly ProcessSnapshot[];
  readonly processLimit: number;
  readonly queue: { readonly depth: number; readonly limit: number };
  readonly lastFailure?: FailureSnapshot;
  /** Scripts in the running processes. */
  readonly imported: readonly string[];
  readonly failedScripts: readonly ScriptFailure[];
};

/** What a group is made of, for `snapshotGroup`. */
export type GroupParts = {
  readonly plan: GroupPlan;
  readonly condition: Condition;
  readonly members: readonly Member[];
  readonly queueDepth: number;
  readonly chronicle: Chronicle;
  /** By the clock's `now`. */
  readonly nowMs: number;
};

/** The group as it is now. */
export function snapshotGroup({
  plan,
  condition,
  members,
  queueDepth,
  chronicle,
  nowMs,
}: GroupParts): GroupSnapshot {
  const { lastFailure } = chronicle;
  return {
    id: plan.id,
    identity: plan.identity,
    mode: plan.mode,
    state: condition.state,
    since: condition.since,
    reason: condition.reason,
    ...('untilMs' in condition ? { nextStartInMs: condition.untilMs - nowMs } : {}),
    processes: members.map(snapshotMember),
    processLimit: plan.processes,
    queue: { depth: queueDepth, limit: plan.queueLength },
    ...(lastFailure === undefined ? {} : { lastFailure }),
    imported: [...new Set(members.flatMap((member) => [...member.imported]))],
    failedScripts: chronicle.failedScripts(),
  };
}

function snapshotMember(member: Member): ProcessSnapshot {
  const { process, state, startedAt, since, inFlight, served, failed } = member;
  return {
    pid: process.pid,
    state,
    startedAt,
    since,
    inFlight,
    threads: process.threads,
    served,
    failed,
    isInDoubt: member.doubts > 0,
    isBeingReplaced: member.replacedFor !== undefined,
  };
}
