/**
 * One interpreter group: who waits, what state it is in, when a process is started. Outlives its processes, as they
 * outlive their leases.
 *
 * Two laws hold whenever no call is under way (tested as properties in test/groups/group-laws.test.ts):
 * - safety: if a request waits, no ready process has a free thread;
 * - progress: if a request waits, a process is starting, a restart is due, or a ready process is busy.
 *
 * A crash of a group that was ready lets requests wait for its restart, as far as that is due within the queue's
 * timeout. A failed start refuses them at once: the next one will most likely fail as well.
 */
import type { GroupIdentity } from '../routing/group-key.ts';
import {
  countBootFailure,
  countCrash,
  type FailureRow,
  judge,
  NO_FAILURES,
  type Verdict,
} from './backoff.ts';
import type { Condition } from './condition.ts';
import type { ControlMessage } from './control.ts';
import { brokenDeploy } from './deploy.ts';
import { History } from './history.ts';
import type { Lease, Refusal } from './lease.ts';
import type { ProcessExit, StartFailure, StartResult } from './managed-process.ts';
import type { Member } from './member.ts';
import type { GroupLog, GroupObserver, GroupState, StartReason } from './observer.ts';
import type { GroupPlan } from './plan.ts';
import { ProcessList, type ProcessListDeps, type Start } from './process-list.ts';
import { backingOff, clientGone, draining, startFailed } from './refusals.ts';
import { type GroupSnapshot, snapshotGroup } from './snapshot.ts';
import { WaitingRoom } from './waiting-room.ts';

/** What a group needs from outside. */
export type GroupDeps = ProcessListDeps & {
  /** In [0, 1), for jitter. */
  readonly random: () => number;
  readonly observer: GroupObserver;
  readonly log: GroupLog;
};

/** What became of a restart: `kept` means that the old processes go on serving. */
export type RestartResult =
  | { readonly kind: 'restarted' }
  | { readonly kind: 'kept'; readonly failure: StartFailure };

export class Group {
  readonly #deps: GroupDeps;
  readonly #room: WaitingRoom;
  readonly #processes: ProcessList;
  readonly #history = new History();
  #plan: GroupPlan;
  #condition: Condition;
  #row: FailureRow = NO_FAILURES;
  /** Starts of processes that were to replace others and came to nothing. */
  #deployRow: FailureRow = NO_FAILURES;
  #deployNotBefore = 0;
  #startNotBefore = 0;
  #cancelRestart: (() => void) | undefined;
  #isStopping = false;
  #onQuiet: (() => void) | undefined;

  constructor(plan: GroupPlan, deps: GroupDeps) {
    this.#plan = plan;
    this.#deps = deps;
    const limits = { length: plan.queueLength, timeoutMs: plan.queueTimeoutMs };
    this.#room = new WaitingRoom(plan.identity, limits, deps.clock);
    this.#processes = new ProcessList(deps, {
      spawned: (_member, start) => deps.observer.processStarted(plan.identity, start.reason),
      started: (member, start, result) => this.#started(member, start, result),
      said: (member, message) => this.#hear(member, message),
      exited: (member, exit) => this.#exited(member, exit),
      freed: () => this.#serve(),
    });
    this.#condition = { state: 'idle', since: deps.clock.now(), reason: 'nothing has asked for it yet' };
    deps.observer.groupStateChanged(plan.identity, undefined, 'idle');
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
    const refusal = this.#refusalNow();
    if (refusal !== undefined) return refusal;
    const answer = this.#room.enter(signal);
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
    this.#plan = plan;
    this.#row = NO_FAILURES;
    this.#startNotBefore = 0;
    this.#callOffRestart();
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
    this.#callOffRestart();
    this.#enter({ state: 'draining', since: this.#now(), reason: 'the sidecar stops it' });
    await this.#quiet();
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
      history: this.#history,
    });
  }

  /** Hands free threads to who waits; called after everything that may have freed one. */
  #serve(): void {
    this.#room.admit((queuedMs) => this.#processes.lease(queuedMs));
    if (this.#isQuiet()) this.#onQuiet?.();
  }

  #refusalNow(): Refusal | undefined {
    const { identity, queueTimeoutMs } = this.#plan;
    const condition = this.#condition;
    if (condition.state !== 'backing_off' && condition.state !== 'failed') return undefined;
    const waitMs = condition.until - this.#now();
    if (condition.state === 'failed') {
      return waitMs > 0 ? startFailed(identity, condition.problem, waitMs) : undefined;
    }
    const mayWait = condition.after === 'crash' && waitMs <= queueTimeoutMs;
    return mayWait ? undefined : backingOff(identity, condition.problem, waitMs);
  }

  /** Starts processes for those who wait beyond what is starting already, up to the plan's number. */
  #grow(): void {
    if (this.#isStopping || this.#condition.state === 'backing_off') return;
    const waitMs = this.#startNotBefore - this.#now();
    while (this.#room.depth > this.#processes.starting * this.#plan.threads && this.#mayStart()) {
      if (waitMs > 0) {
        this.#restartIn(waitMs);
        return;
      }
      this.#start('demand');
    }
  }

  #mayStart(): boolean {
    return this.#processes.staying().length + this.#processes.starting < this.#plan.processes;
  }

  #startAndSettle(reason: StartReason): Promise<StartResult> {
    return new Promise((settled) => this.#start(reason, { settled }));
  }

  #start(reason: StartReason, more: Pick<Start, 'replaces' | 'settled'> = {}): void {
    if (!this.#processes.hasReady()) {
      this.#enter({ state: 'starting', since: this.#now(), reason: `start on ${reason}` });
    }
    const imports = this.#history.importsFor(this.#plan, more.replaces?.imported);
    this.#processes.start({ plan: this.#plan, imports, reason, ...more });
  }

  #started(member: Member, start: Start, result: StartResult): StartResult {
    const broken = result.kind === 'ready' ? brokenDeploy(start.replaces, result, this.#history) : undefined;
    if (broken !== undefined) void this.#processes.end(member, 'boot_failed');
    if (result.kind === 'failed') this.#failedToStart(member, start, result.failure);
    else if (broken !== undefined) this.#failedToStart(member, start, broken);
    else this.#becameReady(member, start, result);
    return broken === undefined ? result : { kind: 'failed', failure: broken };
  }

  #becameReady(member: Member, { replaces }: Start, result: Extract<StartResult, { kind: 'ready' }>): void {
    const { identity, id, drainTimeoutMs } = this.#plan;
    this.#processes.admit(member, result.imported);
    for (const script of result.imported) this.#history.scriptImported(script);
    this.#row = { ...this.#row, boots: 0 };
    this.#deps.observer.processReady(identity, result.startMs / 1000);
    this.#deps.log.info(
      { group: id, pid: member.process.pid, startMs: result.startMs },
      'Group process is ready',
    );
    if (replaces !== undefined) {
      this.#deployRow = NO_FAILURES;
      this.#processes.drain(replaces, 'deploy', drainTimeoutMs);
    }
    const reason = `process ${member.process.pid} is ready`;
    if (!this.#isStopping) this.#enter({ state: 'ready', since: this.#now(), reason });
    this.#serve();
  }

  #failedToStart(member: Member, { replaces }: Start, failure: StartFailure): void {
    const { identity, id } = this.#plan;
    this.#history.lastFailure = { at: this.#now(), ...failure };
    this.#deps.observer.processExited(identity, 'boot_failed');
    this.#deps.log.error(
      { group: id, pid: member.process.pid, failure },
      `Cannot start a group process: ${failure.message}`,
    );
    if (replaces !== undefined && replaces.state !== 'exited') {
      replaces.isBeingReplaced = false;
      this.#deployRow = countBootFailure(this.#deployRow);
      this.#deployNotBefore = this.#now() + waitOf(judge(this.#deployRow, this.#deps.random()));
      return;
    }
    this.#row = countBootFailure(this.#row);
    this.#history.forgetImported();
    this.#afterFailure(failure.message, 'boot-failure');
  }

  #exited(member: Member, exit: ProcessExit): void {
    const { identity, id } = this.#plan;
    const reason = member.endReason ?? (exit.signal === null && exit.code !== 0 ? 'crash' : 'signal');
    this.#deps.observer.processExited(identity, reason);
    if (member.endReason !== undefined) {
      this.#deps.log.info({ group: id, pid: member.process.pid, reason }, 'Group process has ended');
      return;
    }
    const problem = describeCrash(member, exit);
    this.#history.lastFailure = { at: this.#now(), step: 'serving', message: problem };
    this.#deps.log.error({ group: id, pid: member.process.pid, ...exit }, problem);
    this.#row = countCrash(this.#row, this.#now() - member.readyAt);
    this.#afterFailure(problem, 'crash');
  }

  /** Starts again now, later or no more; called when a process is gone that nobody wanted to go. */
  #afterFailure(problem: string, after: 'crash' | 'boot-failure'): void {
    const verdict = judge(this.#row, this.#deps.random());
    const waitMs = waitOf(verdict);
    this.#startNotBefore = this.#now() + waitMs;
    const isAlone = !this.#processes.hasReady() && this.#processes.starting === 0;
    if (this.#isStopping) {
      if (isAlone) this.#room.refuseAll(draining(this.#plan.identity));
      if (this.#isQuiet()) this.#onQuiet?.();
      return;
    }
    if (isAlone) this.#rest(problem, after, verdict);
    if (isAlone && (after === 'boot-failure' || verdict.kind === 'give-up')) {
      this.#room.refuseAll(startFailed(this.#plan.identity, problem, waitMs));
    }
    if (verdict.kind === 'retry') this.#restartIn(waitMs);
  }

  #rest(problem: string, after: 'crash' | 'boot-failure', verdict: Verdict): void {
    const common = { since: this.#now(), reason: problem, problem, until: this.#startNotBefore };
    this.#enter(
      verdict.kind === 'give-up'
        ? { state: 'failed', ...common }
        : { state: 'backing_off', after, ...common },
    );
  }

  #restartIn(waitMs: number): void {
    if (this.#cancelRestart !== undefined) return;
    const restart = (): void => {
      this.#cancelRestart = undefined;
      if (this.#mayStart()) this.#start('crash');
    };
    if (waitMs <= 0) restart();
    else this.#cancelRestart = this.#deps.clock.after(waitMs, restart);
  }

  #callOffRestart(): void {
    this.#cancelRestart?.();
    this.#cancelRestart = undefined;
  }

  #hear(member: Member, message: ControlMessage): void {
    const fields = { group: this.#plan.id, pid: member.process.pid, ...message };
    if (message.event === 'imported') {
      member.imported.add(message.script);
      this.#history.scriptImported(message.script);
      this.#deps.log.debug(fields, 'Script imported');
    } else if (message.event === 'import-failed') {
      this.#history.scriptFailed(message, this.#now());
      this.#deps.log.error(fields, `Cannot import "${message.script}": ${message.message}`);
    } else if (
      message.event === 'stale' &&
      member.state === 'ready' &&
      this.#now() >= this.#deployNotBefore
    ) {
      void this.#replace(member);
    }
  }

  /** A new process beside this one, and drains this one when that is ready. */
  #replace(member: Member): Promise<StartResult> {
    if (member.isBeingReplaced) return this.#startAndSettle('deploy');
    member.isBeingReplaced = true;
    return new Promise((settled) => this.#start('deploy', { replaces: member, settled }));
  }

  async #quiet(): Promise<void> {
    if (this.#isQuiet()) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#deps.clock.after(this.#plan.drainTimeoutMs, resolve);
      this.#onQuiet = () => {
        cancel();
        resolve();
      };
    });
  }

  /** Nobody is served and nobody waits who could be. */
  #isQuiet(): boolean {
    return this.#room.depth === 0 && this.#processes.inFlight() === 0;
  }

  /** Every change of state is made here. */
  #enter(next: Condition): void {
    const from = this.#condition.state;
    this.#condition = next;
    if (next.state === from) return;
    this.#deps.observer.groupStateChanged(this.#plan.identity, from, next.state);
    this.#deps.log.info(
      { group: this.#plan.id, from, to: next.state, reason: next.reason },
      'Group changed its state',
    );
  }

  #now(): number {
    return this.#deps.clock.now();
  }
}

function waitOf(verdict: Verdict): number {
  return verdict.kind === 'retry' ? verdict.delayMs : verdict.coolDownMs;
}

function describeCrash({ process, inFlight, served }: Member, { code, signal }: ProcessExit): string {
  const how = signal === null ? `with status ${code}` : `by ${signal}`;
  return `Process ${process.pid} ended ${how} after ${served} requests, with ${inFlight} in flight`;
}
