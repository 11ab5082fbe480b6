/** A process as its group sees it: what it is doing and how many requests it has; and which one gets the next. */
import type { Clock, WallTime } from './clock.ts';
import type { ManagedProcess } from './managed-process.ts';
import type { ExitReason, ReplacementReason, StartReason } from './observer.ts';
import type { GroupPlan } from './plan.ts';

/** States of a process. */
export type ProcessState = 'starting' | 'ready' | 'draining' | 'exited';

/** A lease that is out, as its process knows it. */
export type LeaseOut = {
  /** When it was given out, by the clock's `now`. */
  readonly sinceMs: number;
  /** Its index among the leases of its process. */
  place: number;
};

/** Owned and changed by its `Group` alone. What ends in `Ms` is a moment of the clock's `now`. */
export type Member = {
  readonly process: ManagedProcess;
  /** What it was started by; the group's own may be a newer one. */
  readonly plan: GroupPlan;
  readonly startReason: StartReason;
  readonly startedAt: WallTime;
  state: ProcessState;
  /** When it came into that state. */
  since: WallTime;
  readyAtMs: number;
  inFlight: number;
  /** Requests that it has broken off since it was last known to live; above 0 it gets no lease. */
  doubts: number;
  /** Its leases that are out, in no order. */
  readonly leases: LeaseOut[];
  served: number;
  failed: number;
  /** Leases that came back as failed since one came back otherwise: those that it took along when it crashed. */
  brokenOff: number;
  /** When the first request was sent to it; undefined: none yet. */
  firstUseAtMs: number | undefined;
  /** When it became ready or, if that is later, the last request ended that counts as use. */
  idleSinceMs: number;
  /** Rank of its last use within the group: the higher, the warmer. */
  lastUse: number;
  /** Why the group ends it; undefined when it ends by itself. */
  endReason: ExitReason | undefined;
  /** Whether it has told that it is ending. */
  hasSaidStopping: boolean;
  /** Why another process is being started in its place; undefined when none is. */
  replacedFor: ReplacementReason | undefined;
  /** Since when the system has it stopped, with requests in it. */
  stoppedSinceMs: number | undefined;
  /** Whether it was asked to write its stacks to the log. */
  hasDumped: boolean;
  /** In [0, 1): its part of `maximumRequestsJitter`. */
  readonly jitter: number;
  readonly imported: Set<string>;
};

/** A process that has just been spawned. */
export function startingMember(
  start: Pick<Member, 'process' | 'plan' | 'startReason' | 'jitter'>,
  clock: Pick<Clock, 'now' | 'wallTime'>,
): Member {
  const startedAt = clock.wallTime();
  const nowMs = clock.now();
  return {
    ...start,
    startedAt,
    state: 'starting',
    since: startedAt,
    readyAtMs: nowMs,
    inFlight: 0,
    doubts: 0,
    leases: [],
    served: 0,
    failed: 0,
    brokenOff: 0,
    firstUseAtMs: undefined,
    idleSinceMs: nowMs,
    lastUse: 0,
    endReason: undefined,
    hasSaidStopping: false,
    replacedFor: undefined,
    stoppedSinceMs: undefined,
    hasDumped: false,
    imported: new Set(),
  };
}

/** Whether it stays, and could serve one more if it were known to live. */
export function isHeldBack({ state, doubts, replacedFor, inFlight, process }: Member): boolean {
  return state === 'ready' && doubts > 0 && replacedFor === undefined && inFlight < process.threads;
}

/**
 * The ready process with a free thread and the fewest requests; among equals the one used last, whose caches are warm,
 * so that the others can be done without. Undefined when nobody is free. Allocates nothing: it is on every request's way.
 */
export function leastBusy(members: readonly Member[]): Member | undefined {
  let best: Member | undefined;
  for (const member of members) {
    if (member.state !== 'ready' || member.doubts > 0 || member.inFlight >= member.process.threads) continue;
    if (best === undefined || member.inFlight < best.inFlight) best = member;
    else if (member.inFlight === best.inFlight && member.lastUse > best.lastUse) best = member;
  }
  return best;
}
