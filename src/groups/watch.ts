/**
 * Looks after the running processes of one group: who is too old, too big, late, frozen, or not needed. One timer for the whole
 * group, and only while there is something to look after; a request costs no timer.
 */
import type { GroupCore } from './core.ts';
import { isLate } from './late.ts';
import type { Member } from './member.ts';
import type { RecycleReason } from './observer.ts';
import { drainTimeoutMs, type Replacements } from './replacements.ts';
import type { Starter } from './starter.ts';

/** How often is looked at most, and at least; in between a quarter of the shortest limit. */
const SHORTEST_TICK_MS = 25;
const LONGEST_TICK_MS = 1_000;

export class Watch {
  readonly #core: GroupCore;
  readonly #starter: Starter;
  readonly #replacements: Replacements;
  #cancelTimer: (() => void) | undefined;

  constructor(core: GroupCore, starter: Starter, replacements: Replacements) {
    this.#core = core;
    this.#starter = starter;
    this.#replacements = replacements;
  }

  /** To be called when there may be something new to look after. */
  wake(): void {
    if (this.#cancelTimer !== undefined || !this.#isNeeded()) return;
    this.#cancelTimer = this.#core.clock.after(this.#tickMs(), () => {
      this.#cancelTimer = undefined;
      this.#look();
      this.wake();
    });
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  /** A request came to its end: the one limit that is looked at right then. */
  served(member: Member): void {
    if (hasServedEnough(member, this.#core.plan.life)) this.#replacements.recycle(member, 'maximum_requests');
  }

  #look(): void {
    const { processes, isStopping } = this.#core;
    if (isStopping) return;
    for (const member of [...processes.members]) {
      if (member.inFlight === 0) member.stoppedSinceMs = undefined;
      else if (this.#endFrozen(member)) continue;
      if (member.state === 'ready') this.#judge(member);
    }
    if (!this.#stopIdle()) this.#shrink();
  }

  /** True when the process was found dead to the world. */
  #endFrozen(member: Member): boolean {
    const { frozenTimeoutMs } = this.#core.plan.life;
    if (frozenTimeoutMs === 0 || !member.process.isStopped()) {
      member.stoppedSinceMs = undefined;
      return false;
    }
    const nowMs = this.#core.now();
    member.stoppedSinceMs ??= nowMs;
    const stoppedForMs = nowMs - member.stoppedSinceMs;
    if (stoppedForMs < frozenTimeoutMs) return false;
    this.#core.chronicle.processFrozen(member, stoppedForMs);
    this.#core.processes.kill(member, 'frozen');
    this.#starter.startAnother('frozen');
    return true;
  }

  #judge(member: Member): void {
    const reason = this.#overdue(member);
    if (reason === undefined) return;
    const isHung = reason === 'request_timeout' || reason === 'startup_timeout';
    if (isHung && !member.hasDumped) {
      member.hasDumped = true;
      this.#core.chronicle.processHangs(member, reason);
      member.process.dumpStacks();
    }
    this.#replacements.recycle(member, reason);
    // No new process comes up, and this one answers nobody.
    if (isHung && member.replacedFor === undefined && !this.#core.processes.hasFree()) {
      void this.#core.processes.end(member, reason);
      this.#starter.grow();
    }
  }

  #overdue(member: Member): RecycleReason | undefined {
    const { plan } = this.#core;
    const { startupTimeoutMs, life } = plan;
    const nowMs = this.#core.now();
    if (isLate(startsOf(member), plan, nowMs)) return 'request_timeout';
    const hasLoadedNothing = member.imported.size === 0 && member.inFlight > 0;
    const usedForMs = nowMs - (member.firstUseAtMs ?? nowMs);
    if (startupTimeoutMs !== undefined && hasLoadedNothing && usedForMs > startupTimeoutMs) {
      return 'startup_timeout';
    }
    if (hasServedEnough(member, life)) return 'maximum_requests';
    if (life.restartIntervalMs !== undefined && nowMs - member.readyAtMs >= life.restartIntervalMs) {
      return 'restart_interval';
    }
    const { maxMemoryBytes } = life;
    if (maxMemoryBytes !== undefined && (member.process.residentBytes() ?? 0) > maxMemoryBytes)
      return 'max_memory';
    return undefined;
  }

  /** Nobody has asked for the group for long: all its processes end, and the next request starts one. */
  #stopIdle(): boolean {
    const { processes, plan, room } = this.#core;
    const limit = plan.life.inactivityTimeoutMs;
    if (limit === undefined || room.depth > 0 || processes.starting > 0 || processes.inFlight() > 0)
      return false;
    const ready = processes.ready();
    const sinceMs = Math.max(...ready.map(({ idleSinceMs }) => idleSinceMs));
    if (ready.length === 0 || this.#core.now() - sinceMs < limit) return false;
    for (const member of ready) processes.drain(member, 'inactivity', 0);
    this.#core.enter('idle', `no request for ${limit / 1000} s`);
    return true;
  }

  /** Ends the coldest process beyond the least number, when it has had nothing to do for long. */
  #shrink(): void {
    const { processes, plan } = this.#core;
    const { minProcesses, scaleDownAfterMs } = plan.life;
    if (processes.staying().length <= minProcesses) return;
    const coldest = processes.coldest();
    if (coldest === undefined) return;
    const idleMs = this.#core.now() - coldest.idleSinceMs;
    if (idleMs >= scaleDownAfterMs)
      processes.drain(coldest, 'scale_down', drainTimeoutMs(plan, 'scale_down'));
  }

  #isNeeded(): boolean {
    const { processes, plan, isStopping } = this.#core;
    if (isStopping) return false;
    if (processes.inFlight() > 0) return true;
    const { inactivityTimeoutMs, restartIntervalMs, maxMemoryBytes, minProcesses } = plan.life;
    const ready = processes.ready().length;
    const hasLimit = inactivityTimeoutMs ?? restartIntervalMs ?? maxMemoryBytes;
    return ready > minProcesses || (ready > 0 && hasLimit !== undefined);
  }

  #tickMs(): number {
    const { plan } = this.#core;
    const { inactivityTimeoutMs, restartIntervalMs, requestTimeoutMs, frozenTimeoutMs, scaleDownAfterMs } =
      plan.life;
    const limits = [
      inactivityTimeoutMs,
      restartIntervalMs,
      requestTimeoutMs,
      frozenTimeoutMs,
      scaleDownAfterMs,
    ];
    const shortest = Math.min(
      ...[...limits, plan.startupTimeoutMs].map((limit) => limit || Number.MAX_VALUE),
    );
    return Math.min(LONGEST_TICK_MS, Math.max(SHORTEST_TICK_MS, Math.floor(shortest / 4)));
  }
}

function hasServedEnough({ served, jitter }: Member, life: GroupCore['plan']['life']): boolean {
  const { maximumRequests, maximumRequestsJitter } = life;
  if (maximumRequests === undefined) return false;
  return served >= maximumRequests + Math.floor(jitter * (maximumRequestsJitter + 1));
}

function* startsOf(member: Member): Iterable<number> {
  for (const { sinceMs } of member.leases) yield sinceMs;
}
