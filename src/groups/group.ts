/**
 * One interpreter group: who waits, what state it is in, and what becomes of its processes. It outlives its processes, they
 * their leases. `Starter` decides when a process is started, `Replacements` when one takes another's place, `Reactions` what follows
 * from what happens to them.
 *
 * Two laws hold whenever no call is under way (tested as properties in test/groups/group-laws.test.ts):
 * - safety: if a request waits, no ready process that is known to live has a free thread;
 * - progress: if a request waits, a process is starting, a restart is due, or a ready process is busy or not known to live.
 *
 * A crash of a group that was ready lets requests wait for its restart, as far as that is due within the queue's
 * timeout. A failed start refuses them at once: the next one will most likely fail as well.
 */
import type { GroupIdentity } from '../routing/group-key.ts';
import { Chronicle, type ChronicleDeps } from './chronicle.ts';
import type { Claim, ClaimResult } from './claim.ts';
import { refusalIn } from './condition.ts';
import { GroupCore } from './core.ts';
import type { StartFailure } from './managed-process.ts';
import type { GroupState } from './observer.ts';
import type { GroupPlan } from './plan.ts';
import { isSameProcess, type PlanChange, planChange } from './plan-change.ts';
import { calledOff, ProcessList, type ProcessListDeps } from './process-list.ts';
import { Quiet } from './quiet.ts';
import { Reactions } from './reactions.ts';
import { clientGone, draining } from './refusals.ts';
import { Replacements, type RestartResult } from './replacements.ts';
import { type GroupSnapshot, snapshotGroup } from './snapshot.ts';
import { Starter, type StarterDeps } from './starter.ts';
import { WaitingRoom } from './waiting-room.ts';
import { Watch } from './watch.ts';

/** What a group needs from outside. */
export type GroupDeps = ProcessListDeps & StarterDeps & ChronicleDeps;

/** What became of a reload of one group; `kept`: the old processes serve on, by the old plan. */
export type ReloadResult =
  | { readonly kind: PlanChange }
  | { readonly kind: 'kept'; readonly failure: StartFailure };

export class Group {
  readonly #core: GroupCore;
  /** Nobody is served and nobody waits who could be. */
  readonly #quiet: Quiet;
  readonly #starter: Starter;
  readonly #replacements: Replacements;
  readonly #watch: Watch;
  readonly #reactions: Reactions;
  #stopped: Promise<void> | undefined;

  constructor(plan: GroupPlan, deps: GroupDeps) {
    const { clock } = deps;
    const chronicle = new Chronicle(plan, deps);
    const room = new WaitingRoom(plan.identity, limitsOf(plan), clock, () => this.#quiet.look());
    const processes = new ProcessList(deps, () => this.#reactions);
    this.#core = new GroupCore({ plan, clock, room, processes, chronicle });
    this.#quiet = new Quiet(clock, () => room.depth === 0 && processes.inFlight() === 0);
    this.#starter = new Starter(this.#core, deps);
    this.#replacements = new Replacements(this.#core, this.#starter, deps);
    this.#watch = new Watch(this.#core, this.#starter, this.#replacements);
    this.#reactions = new Reactions({
      core: this.#core,
      starter: this.#starter,
      replacements: this.#replacements,
      watch: this.#watch,
      quiet: this.#quiet,
    });
  }

  get identity(): GroupIdentity {
    return this.#core.plan.identity;
  }

  get state(): GroupState {
    return this.#core.condition.state;
  }

  /** A lease when a thread is free; else a refusal, or a place in the queue. */
  claim(claim: Claim): ClaimResult {
    const { plan, processes, room, condition, isStopping } = this.#core;
    if (isStopping) return draining(plan.identity);
    const lease = processes.lease(0);
    if (lease !== undefined) {
      this.#watch.wake();
      return lease;
    }
    if (claim.isGone) return clientGone(plan.identity);
    const refusal = refusalIn(condition, plan, this.#core.now());
    if (refusal !== undefined) return refusal;
    const answer = room.enter(claim, processes.unstarted(plan) * plan.threads + processes.heldBack());
    this.#starter.grow();
    return answer;
  }

  /** Starts a first process ahead of any request; kept when that start is over. */
  async preload(scripts: readonly string[] = []): Promise<void> {
    if (this.#core.isStopping || this.state !== 'idle' || !this.#starter.hasRoom()) return;
    this.#core.chronicle.expectImports(scripts);
    await this.#starter.start('preload');
  }

  /** New processes by this plan, one for each that there is; the old ones serve until theirs is ready, then drain. */
  async restart(plan: GroupPlan): Promise<RestartResult> {
    if (this.#core.isStopping) return { kind: 'kept', failure: calledOff(this.#core.clock.wallTime()) };
    this.#take(plan);
    return await this.#replacements.replaceAll('deploy');
  }

  /** Goes by a new plan from now on; processes are replaced only where the old ones do not fit it. */
  async reload(plan: GroupPlan): Promise<ReloadResult> {
    const { plan: old, processes } = this.#core;
    const current = processes.current();
    const doFit = current.every((member) => isSameProcess(member.plan, plan));
    const change = planChange(old, plan);
    if (doFit && change === 'unchanged') return { kind: 'unchanged' };
    this.#take(plan);
    this.#replacements.drainSurplus('reload');
    if (current.length > 0 && !doFit) {
      const result = await this.#replacements.replaceAll('reload');
      return result.kind === 'kept' ? result : { kind: 'replaced' };
    }
    if (processes.hasReady()) this.#starter.keepUp();
    this.#reactions.serve();
    return { kind: 'adopted' };
  }

  /** No new requests; those that came in time are served or refused; then the processes end. */
  async stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    await this.#stopped;
  }

  async #stop(): Promise<void> {
    const core = this.#core;
    core.isStopping = true;
    this.#starter.callOff();
    this.#watch.stop();
    core.enter('draining', 'the sidecar stops it');
    core.processes.leave();
    if (core.isAlone()) core.room.refuseAll(draining(this.identity));
    await this.#quiet.within(core.plan.drainTimeoutMs);
    core.room.refuseAll(draining(this.identity));
    await core.processes.endAll('shutdown');
    core.enter('idle', 'it was stopped');
  }

  /** Processes that it has or is getting, without those on their way out. */
  get processCount(): number {
    const { processes } = this.#core;
    return processes.ready().length + processes.starting;
  }

  /** Since when, by the clock's `now`, the process has been idle that it can do without best; undefined when it can do without none. */
  idleSinceMs(): number | undefined {
    const { room, plan, processes, isStopping } = this.#core;
    // A group with imports may have work of its own to do.
    if (isStopping || room.depth > 0 || plan.imports.length > 0) return undefined;
    return processes.coldest()?.idleSinceMs;
  }

  /** Ends that process: another group needs its place. */
  makeRoom(): void {
    const core = this.#core;
    const coldest = core.processes.coldest();
    if (coldest === undefined) return;
    core.processes.drain(coldest, 'process_limit', 0);
    core.settle('another group needed its place');
  }

  snapshot(): GroupSnapshot {
    const { plan, condition, processes, room, chronicle } = this.#core;
    return snapshotGroup({
      plan,
      condition,
      members: processes.members,
      queueDepth: room.depth,
      chronicle,
      nowMs: this.#core.now(),
    });
  }

  /** What failed by the old plan may not fail by this one. */
  #take(plan: GroupPlan): void {
    const core = this.#core;
    core.plan = plan;
    core.room.setLimits(limitsOf(plan));
    this.#starter.forgive();
    if (core.condition.state === 'backing_off' || core.condition.state === 'failed') {
      core.enter('idle', 'its plan is new');
    }
  }
}

function limitsOf({ queueLength, queueTimeoutMs }: GroupPlan): { length: number; timeoutMs: number } {
  return { length: queueLength, timeoutMs: queueTimeoutMs };
}
