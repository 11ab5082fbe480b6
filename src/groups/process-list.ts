/**
 * The processes of one group: spawns them through the gate, counts their requests, drains and ends them. It does what
 * its `Group` decides and tells it what happened; it decides nothing itself.
 */
import type { Clock, WallTime } from './clock.ts';
import type { ControlMessage } from './control.ts';
import { shutdownReason } from './exit.ts';
import { HeldLease, hold, letGo } from './held-lease.ts';
import type { Lease, LeaseOutcome } from './lease.ts';
import type {
  ManagedProcess,
  ProcessExit,
  StartFailure,
  StartRequest,
  StartResult,
} from './managed-process.ts';
import { isHeldBack, leastBusy, type Member, startingMember } from './member.ts';
import type { ExitReason, GroupLog, StartReason } from './observer.ts';
import type { GroupPlan, ScriptImport } from './plan.ts';
import { settleable } from './settleable.ts';
import type { StartGate } from './start-gate.ts';
import { checkTransition, PROCESS_TRANSITIONS } from './transitions.ts';

/** What starting processes takes. */
export type ProcessListDeps = {
  readonly startProcess: (request: StartRequest) => ManagedProcess;
  readonly gate: StartGate;
  readonly clock: Clock;
  readonly log: GroupLog;
  /** In [0, 1), for jitter. */
  readonly random: () => number;
};

/** One start that the group wants. */
export type Start = {
  readonly reason: StartReason;
  /** Drained once the new process is ready. */
  readonly replaces?: Member;
  /** Asked when the gate lets the start through. */
  readonly order: () => { readonly plan: GroupPlan; readonly imports: readonly ScriptImport[] };
};

/** What the group is told. */
export type ProcessEvents = {
  spawned(member: Member, start: Start): void;
  /** The start is over; a member that is to serve has to be `admit`ted. Returns what it makes of the result. */
  started(member: Member, start: Start, result: StartResult): StartResult;
  said(member: Member, message: ControlMessage): void;
  /** A process that had been ready is gone. */
  exited(member: Member, exit: ProcessExit): void;
  /** A lease came back. */
  freed(member: Member, outcome: LeaseOutcome): void;
};

/** Of a start that was still to come when its group was stopped. */
export function calledOff(startedAt: WallTime): StartFailure {
  const message = 'The group was stopped before the process was started';
  return { step: 'gate', message, journey: { startedAt, steps: [], output: [] } };
}

export class ProcessList {
  readonly #deps: ProcessListDeps;
  readonly #events: () => ProcessEvents;
  readonly #members: Member[] = [];
  /** Starts that the gate has not let through yet. */
  readonly #atGate = new Set<Promise<StartResult>>();
  #starting = 0;
  #uses = 0;
  #isClosed = false;

  /** `events` is asked for whom to tell, since who is told also acts on this list. */
  constructor(deps: ProcessListDeps, events: () => ProcessEvents) {
    this.#deps = deps;
    this.#events = events;
  }

  get members(): readonly Member[] {
    return this.#members;
  }

  /** Starts under way, those that wait at the gate included. */
  get starting(): number {
    return this.#starting;
  }

  hasReady(): boolean {
    return this.#members.some((member) => member.state === 'ready');
  }

  ready(): Member[] {
    return this.#members.filter((member) => member.state === 'ready');
  }

  /** Whether any has a free thread. */
  hasFree(): boolean {
    return leastBusy(this.#members) !== undefined;
  }

  /** Of those that stay and have nothing to do the one that was used longest ago. */
  coldest(): Member | undefined {
    const idle = this.staying().filter(({ inFlight }) => inFlight === 0);
    return idle.sort((one, other) => one.lastUse - other.lastUse)[0];
  }

  /** Ready processes that nothing is about to replace. */
  staying(): Member[] {
    return this.#members.filter(isStaying);
  }

  /** Processes that serve or are starting, and that nothing is about to replace or end. */
  current(): Member[] {
    return this.#members.filter(
      ({ state, replacedFor, endReason }) =>
        (state === 'ready' || state === 'starting') && replacedFor === undefined && endReason === undefined,
    );
  }

  /** The ends of the starts that still wait at the gate. */
  atGate(): readonly Promise<StartResult>[] {
    return [...this.#atGate];
  }

  /** How many processes of the plan do not serve yet. */
  unstarted({ processes }: GroupPlan): number {
    let staying = 0;
    for (const member of this.#members) if (isStaying(member)) staying += 1;
    return Math.max(0, processes - staying);
  }

  /** Threads that would be free if their processes were known to live. */
  heldBack(): number {
    return this.#members.reduce((sum, member) => {
      return isHeldBack(member) ? sum + member.process.threads - member.inFlight : sum;
    }, 0);
  }

  inFlight(): number {
    return this.#members.reduce((sum, member) => sum + member.inFlight, 0);
  }

  /** A lease on the least busy process; undefined when no thread is free. */
  lease(queuedMs: number): Lease | undefined {
    const free = leastBusy(this.#members);
    if (free === undefined) return undefined;
    const sinceMs = this.#deps.clock.now();
    const lease = new HeldLease(this, free, { queuedMs, sinceMs });
    free.inFlight += 1;
    hold(free.leases, lease);
    free.firstUseAtMs ??= sinceMs;
    return lease;
  }

  /** Called by a lease when it is released. */
  takeBack(lease: HeldLease, member: Member, outcome: LeaseOutcome, isIgnored: boolean): void {
    member.inFlight -= 1;
    letGo(member.leases, lease);
    member.served += 1;
    member.brokenOff = outcome === 'failed' ? member.brokenOff + 1 : 0;
    if (outcome === 'failed') {
      member.failed += 1;
      member.doubts += 1;
    }
    member.lastUse = ++this.#uses;
    if (!isIgnored) member.idleSinceMs = this.#deps.clock.now();
    // One that ends by itself needs no telling.
    const isToEnd = member.state === 'draining' && member.endReason !== undefined;
    if (isToEnd && member.inFlight === 0) void this.#terminate(member);
    this.#events().freed(member, outcome);
  }

  /** Kept when the start is over, with what the group made of it. */
  start(start: Start): Promise<StartResult> {
    this.#starting += 1;
    const { promise, resolve } = settleable<StartResult>();
    this.#atGate.add(promise);
    this.#deps.gate.enter((leave) => {
      this.#atGate.delete(promise);
      if (!this.#isClosed) {
        this.#spawn(start, leave, resolve);
        return;
      }
      this.#starting -= 1;
      leave();
      resolve({ kind: 'failed', failure: calledOff(this.#deps.clock.wallTime()) });
    });
    return promise;
  }

  /** From now on it gets requests. */
  admit(member: Member, imported: readonly string[]): void {
    this.#setState(member, 'ready');
    member.readyAtMs = this.#deps.clock.now();
    member.idleSinceMs = member.readyAtMs;
    for (const script of imported) member.imported.add(script);
  }

  /** It was found alive after one request that it had broken off. */
  trust(member: Member): void {
    member.doubts -= 1;
  }

  /** No new requests for a process that is ending by itself; it is ended where it does not within its grace. */
  withdraw(member: Member): void {
    if (member.state === 'ready') this.#setState(member, 'draining');
    member.hasSaidStopping = true;
    // It keeps the grace itself, as long as it can do anything at all.
    this.#deps.clock.after(member.plan.shutdownTimeoutMs, () => void this.#terminate(member));
  }

  /** All of them are to end: their connections beyond an answer need not wait for it. */
  leave(): void {
    for (const { process } of this.#members) process.leave?.();
  }

  /** No new requests; its end when the last one is answered, or when the plan's drain time is over. */
  drain(member: Member, reason: ExitReason, timeoutMs: number): void {
    // One that was to be replaced may have gone by itself meanwhile.
    if (member.state === 'exited') return;
    member.endReason ??= reason;
    // The end of a start that nobody wants any more is told as that of a start.
    if (member.state !== 'starting') this.#setState(member, 'draining');
    if (member.inFlight === 0 || timeoutMs === 0) void this.#terminate(member);
    else this.#deps.clock.after(timeoutMs, () => void this.#terminate(member));
  }

  /** Ends a process at once that can do nothing more. */
  kill(member: Member, reason: ExitReason): void {
    member.endReason ??= reason;
    if (member.state === 'ready') this.#setState(member, 'draining');
    member.process.kill();
  }

  /** Ends a process now, as far as the grace of its plan goes. */
  async end(member: Member, reason: ExitReason): Promise<void> {
    member.endReason ??= reason;
    await this.#terminate(member);
  }

  /** No start any more, and every process ended. */
  async endAll(reason: ExitReason): Promise<void> {
    this.#isClosed = true;
    const end = async (member: Member): Promise<unknown> => {
      await this.end(member, reason);
      return member.process.started;
    };
    await Promise.all([...this.#members].map(end));
  }

  #spawn(start: Start, leaveGate: () => void, settled: (result: StartResult) => void): void {
    const { plan, imports } = start.order();
    const onMessage = (message: ControlMessage): void => this.#events().said(member, message);
    const onExit = (exit: ProcessExit): void => this.#exited(member, exit);
    const process = this.#deps.startProcess({ plan, imports, onMessage, onExit });
    const member = startingMember(
      { process, plan, startReason: start.reason, jitter: this.#deps.random() },
      this.#deps.clock,
    );
    this.#members.push(member);
    this.#events().spawned(member, start);
    void process.started.then((result) => {
      leaveGate();
      this.#starting -= 1;
      settled(this.#events().started(member, start, result));
    });
  }

  #exited(member: Member, exit: ProcessExit): void {
    const wasStarting = member.state === 'starting';
    this.#setState(member, 'exited');
    this.#members.splice(this.#members.indexOf(member), 1);
    // The end of a start is told by `started`.
    if (!wasStarting) this.#events().exited(member, exit);
  }

  async #terminate(member: Member): Promise<void> {
    if (member.state === 'ready') this.#setState(member, 'draining');
    await member.process.terminate(shutdownReason(member.endReason));
  }

  #setState(member: Member, state: Member['state']): void {
    const { pid } = member.process;
    checkTransition(PROCESS_TRANSITIONS, { from: member.state, to: state }, this.#deps.log, {
      group: member.plan.id,
      pid,
    });
    member.state = state;
    member.since = this.#deps.clock.wallTime();
    if (state === 'draining') member.process.leave?.();
  }
}

function isStaying({ state, replacedFor }: Member): boolean {
  return state === 'ready' && replacedFor === undefined;
}
