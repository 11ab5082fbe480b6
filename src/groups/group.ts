/**
 * One interpreter group: who waits, what state it is in, when a process starts. It outlives its processes, they their leases.
 *
 * Two laws hold whenever no call is under way (tested as properties in test/groups/group-laws.test.ts):
 * - safety: if a request waits, no ready process has a free thread;
 * - progress: if a request waits, a process is starting, a restart is due, or a ready process is busy.
 *
 * A crash of a group that was ready lets requests wait for its restart, as far as that is due within the queue's
 * timeout. A failed start refuses them at once: the next one will most likely fail as well.
 */
import type { GroupIdentity } from '../routing/group-key.ts';
import { Chronicle, type ChronicleDeps } from './chronicle.ts';
import type { Clock } from './clock.ts';
import { type Condition, refusalIn } from './condition.ts';
import type { ControlMessage } from './control.ts';
import { brokenDeploy } from './deploy.ts';
import type { Lease, LeaseOutcome, Refusal } from './lease.ts';
import type { ProcessExit, StartFailure, StartResult } from './managed-process.ts';
import type { Member } from './member.ts';
import type { GroupState, StartReason } from './observer.ts';
import type { GroupPlan } from './plan.ts';
import { CALLED_OFF, ProcessList, type ProcessListDeps, type Start } from './process-list.ts';
import { Quiet } from './quiet.ts';
import { clientGone, draining, startFailed } from './refusals.ts';
import { RestartSchedule, type RestartScheduleDeps } from './restart-schedule.ts';
import { type GroupSnapshot, snapshotGroup } from './snapshot.ts';
import { WaitingRoom } from './waiting-room.ts';

/** What a group needs from outside. */
export type GroupDeps = ProcessListDeps & RestartScheduleDeps & ChronicleDeps;

/** What became of a restart: `kept` means that the old processes go on serving. */
export type RestartResult =
  | { readonly kind: 'restarted' }
  | { readonly kind: 'kept'; readonly failure: StartFailure };

export class Group {
  readonly #clock: Clock;
  readonly #room: WaitingRoom;
  readonly #processes: ProcessList;
  readonly #chronicle: Chronicle;
  /** Nobody is served and nobody waits who could be. */
  readonly #quiet: Quiet;
  readonly #restarts: RestartSchedule;
  /** Of processes that are to replace others: those may fail without harm, but not all the time. */
  readonly #deploys: RestartSchedule;
  #plan: GroupPlan;
  #condition: Condition;
  #isStopping = false;

  constructor(plan: GroupPlan, deps: GroupDeps) {
    this.#plan = plan;
    this.#clock = deps.clock;
    this.#chronicle = new Chronicle(plan, deps);
    const limits = { length: plan.queueLength, timeoutMs: plan.queueTimeoutMs };
    this.#room = new WaitingRoom(plan.identity, limits, deps.clock, () => this.#quiet.look());
    this.#processes = new ProcessList(deps, {
      spawned: (_member, start) => this.#chronicle.processSpawned(start.reason),
      started: (member, start, result) => this.#started(member, start, result),
      said: (member, message) => this.#hear(member, message),
      exited: (member, exit) => this.#exited(member, exit),
      freed: (member, outcome) => this.#freed(member, outcome),
    });
    this.#quiet = new Quiet(deps.clock, () => this.#room.depth === 0 && this.#processes.inFlight() === 0);
    this.#restarts = new RestartSchedule(deps, () => {
      if (this.#mayStart()) this.#start('crash');
    });
    this.#deploys = new RestartSchedule(deps, () => undefined);
    this.#condition = { state: 'idle', since: deps.clock.now(), reason: 'nothing has asked for it yet' };
  }

  get identity(): GroupIdentity {
    return this.#plan.identity;
  }

  get state(): GroupState {
    return this.#condition.state;
  }

  /** A lease at once when a thread is free; else a refusal, or a promise that ends as either. */
  acquire(signal: AbortSignal): Lease | Refusal | Promise<Lease | Refusal> {
    if (this.#isStopping) return draining(this.#plan.identity);
    const lease = this.#processes.lease(0);
    if (lease !== undefined) return lease;
    if (signal.aborted) return clientGone(this.#plan.identity);
    const refusal = refusalIn(this.#condition, this.#plan, this.#now());
    if (refusal !== undefined) return refusal;
    const answer = this.#room.enter(signal, this.#processes.unstarted(this.#plan) * this.#plan.threads);
    this.#grow();
    return answer;
  }

  /** Starts a first process ahead of any request; kept when that start is over. */
  async preload(): Promise<void> {
    if (this.#isStopping || this.#condition.state !== 'idle') return;
    await this.#startAndSettle('preload');
  }

  /** New processes by this plan, one for each that is ready; the old ones serve until theirs is ready, then drain. */
  async restart(plan: GroupPlan): Promise<RestartResult> {
    if (this.#isStopping) return { kind: 'kept', failure: CALLED_OFF };
    this.#plan = plan;
    this.#restarts.forgive();
    this.#deploys.forgive();
    const old = this.#processes.staying();
    const starts =
      old.length === 0 ? [this.#startAndSettle('deploy')] : old.map((member) => this.#replace(member));
    for (const result of await Promise.all(starts)) {
      if (result.kind === 'failed') return { kind: 'kept', failure: result.failure };
    }
    return { kind: 'restarted' };
  }

  /** No new requests; those that came in time are served or refused; then the processes end. */
  async stop(): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#restarts.callOff();
    this.#enter({ state: 'draining', since: this.#now(), reason: 'the sidecar stops it' });
    if (this.#isAlone()) this.#room.refuseAll(draining(this.#plan.identity));
    await this.#quiet.within(this.#plan.drainTimeoutMs);
    this.#room.refuseAll(draining(this.#plan.identity));
    await this.#processes.endAll('shutdown');
    this.#enter({ state: 'idle', since: this.#now(), reason: 'it was stopped' });
  }

  snapshot(): GroupSnapshot {
    return snapshotGroup({
      plan: this.#plan,
      condition: this.#condition,
      members: this.#processes.members,
      queueDepth: this.#room.depth,
      chronicle: this.#chronicle,
    });
  }

  #freed(member: Member, outcome: LeaseOutcome): void {
    if (outcome === 'failed' && member.state === 'ready') void this.#replaceUnreachable(member);
    this.#serve();
  }

  /** A process whose socket somebody has removed is alive and lost: no request will ever reach it again. */
  async #replaceUnreachable(member: Member): Promise<void> {
    if ((await member.process.isReachable()) || member.state !== 'ready' || this.#isStopping) return;
    this.#chronicle.processLost(member);
    this.#processes.drain(member, 'crash', this.#plan.drainTimeoutMs);
    if (this.#mayStart()) this.#start('crash');
  }

  /** Hands free threads to who waits and starts processes for the rest; called after everything that changes either. */
  #serve(): void {
    if (this.#room.depth > 0) {
      this.#room.admit((queuedMs) => this.#processes.lease(queuedMs));
      this.#grow();
    }
    this.#quiet.look();
  }

  /** Starts processes for those who wait beyond what is starting already, up to the plan's number. */
  #grow(): void {
    if (this.#isStopping || this.#condition.state === 'backing_off') return;
    while (this.#room.depth > this.#processes.starting * this.#plan.threads && this.#mayStart()) {
      if (this.#restarts.waitMs() > 0) {
        if (this.#isAlone()) this.#rest('its process is stopping after another one failed', 'crash');
        this.#restarts.ask();
        return;
      }
      this.#start('demand');
    }
  }

  #mayStart(): boolean {
    return this.#processes.unstarted(this.#plan) > this.#processes.starting;
  }

  #startAndSettle(reason: StartReason): Promise<StartResult> {
    return new Promise((settled) => this.#start(reason, { settled }));
  }

  #start(reason: StartReason, more: Pick<Start, 'replaces' | 'settled'> = {}): void {
    if (!this.#processes.hasReady()) {
      this.#enter({ state: 'starting', since: this.#now(), reason: `start on ${reason}` });
    }
    const imports = this.#chronicle.importsFor(this.#plan, more.replaces?.imported);
    this.#processes.start({ plan: this.#plan, imports, reason, ...more });
  }

  #started(member: Member, start: Start, result: StartResult): StartResult {
    const broken =
      result.kind === 'ready' ? brokenDeploy(start.replaces, result, this.#chronicle) : undefined;
    if (broken !== undefined) void this.#processes.end(member, 'boot_failed');
    if (result.kind === 'failed') this.#failedToStart(member, start, result.failure);
    else if (broken !== undefined) this.#failedToStart(member, start, broken);
    else this.#becameReady(member, start, result);
    return broken === undefined ? result : { kind: 'failed', failure: broken };
  }

  #becameReady(member: Member, { replaces }: Start, result: Extract<StartResult, { kind: 'ready' }>): void {
    this.#processes.admit(member, result.imported);
    this.#chronicle.processReady(member, result);
    this.#restarts.startSucceeded();
    if (replaces !== undefined) {
      this.#deploys.forgive();
      this.#processes.drain(replaces, 'deploy', this.#plan.drainTimeoutMs);
    }
    this.#drainSurplus();
    const reason = `process ${member.process.pid} is ready`;
    if (!this.#isStopping) this.#enter({ state: 'ready', since: this.#now(), reason });
    this.#serve();
  }

  #failedToStart(member: Member, { replaces }: Start, failure: StartFailure): void {
    this.#chronicle.startFailed(member, failure);
    if (member.endReason === 'shutdown') return;
    if (replaces?.state === 'ready') {
      replaces.isBeingReplaced = false;
      this.#deploys.startFailed();
      return;
    }
    this.#restarts.startFailed();
    this.#chronicle.forgetImported();
    this.#afterFailure(failure.message, 'boot-failure');
  }

  /** A restart during a start, or two at once, leave more processes than are wanted; the oldest go. */
  #drainSurplus(): void {
    const staying = this.#processes.staying();
    for (const member of staying.slice(0, Math.max(0, staying.length - this.#plan.processes))) {
      this.#processes.drain(member, 'deploy', this.#plan.drainTimeoutMs);
    }
  }

  #exited(member: Member, exit: ProcessExit): void {
    if (member.endReason !== undefined) {
      this.#chronicle.processEnded(member);
      return;
    }
    const problem = this.#chronicle.processCrashed(member, exit);
    this.#restarts.crashed(this.#now() - member.readyAt);
    this.#afterFailure(problem, 'crash');
  }

  /** Starts again now, later or no more; called when a process is gone that nobody wanted to go. */
  #afterFailure(problem: string, after: 'crash' | 'boot-failure'): void {
    if (this.#isStopping) {
      if (this.#isAlone()) this.#room.refuseAll(draining(this.#plan.identity));
      this.#quiet.look();
      return;
    }
    if (this.#isAlone() && this.#restarts.waitMs() > 0) this.#rest(problem, after);
    else if (!this.#processes.hasReady())
      this.#enter({ state: 'starting', since: this.#now(), reason: problem });
    if (!this.#restarts.hasGivenUp) this.#restarts.ask();
  }

  /** Nothing is done until the next start may be made; who waits for more than that is told. */
  #rest(problem: string, after: 'crash' | 'boot-failure'): void {
    const common = { since: this.#now(), reason: problem, problem, until: this.#restarts.notBefore };
    const hasGivenUp = this.#restarts.hasGivenUp;
    this.#enter(hasGivenUp ? { state: 'failed', ...common } : { state: 'backing_off', after, ...common });
    if (after === 'boot-failure') {
      this.#room.refuseAll(startFailed(this.#plan.identity, problem, this.#restarts.waitMs()));
    }
  }

  /** No process serves and none is on its way. */
  #isAlone(): boolean {
    return !this.#processes.hasReady() && this.#processes.starting === 0;
  }

  #hear(member: Member, message: ControlMessage): void {
    this.#chronicle.heard(member, message);
    if (message.event === 'imported') member.imported.add(message.script);
    if (message.event === 'stopping') {
      this.#processes.withdraw(member);
      this.#grow();
    }
    const mayReplace = member.state === 'ready' && !member.isBeingReplaced && this.#deploys.waitMs() === 0;
    if (message.event === 'stale' && mayReplace) void this.#replace(member);
  }

  /** A new process beside this one, and drains this one when that is ready. */
  #replace(member: Member): Promise<StartResult> {
    if (member.isBeingReplaced) return this.#startAndSettle('deploy');
    member.isBeingReplaced = true;
    return new Promise((settled) => this.#start('deploy', { replaces: member, settled }));
  }

  /** Every change of state is made here. */
  #enter(next: Condition): void {
    const from = this.#condition.state;
    this.#condition = next;
    if (next.state === from) return;
    this.#chronicle.stateChanged(from, next.state, next.reason);
  }

  #now(): number {
    return this.#clock.now();
  }
}
