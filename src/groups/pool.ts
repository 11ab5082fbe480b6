/**
 * All groups of a sidecar: key → `Group`, made when a request first asks for it. A thousand declared groups that
 * nobody uses cost nothing here; names that a client can mint are kept under a ceiling (DESIGN, law 2).
 */
import { type GroupIdentity, type GroupKey, groupKey } from '../routing/group-key.ts';
import { byPromise, type Claim, type ClaimResult } from './claim.ts';
import { type Clock, systemClock } from './clock.ts';
import { ProcessTable } from './family.ts';
import { Group, type GroupDeps } from './group.ts';
import type { Lease, Refusal } from './lease.ts';
import type { StartFailure } from './managed-process.ts';
import type { GroupLog, GroupObserver } from './observer.ts';
import { OomWatch } from './oom.ts';
import { type GroupPlan, groupId } from './plan.ts';
import { GroupProcess, type ProcessDeps } from './process.ts';
import { draining, groupLimit } from './refusals.ts';
import { isRemote, RemoteGroup } from './remote/remote-group.ts';
import type { RestartResult } from './replacements.ts';
import type { GroupSnapshot } from './snapshot.ts';
import { socketPath } from './socket-path.ts';
import { StartGate } from './start-gate.ts';
import { StillbornProcess } from './stillborn.ts';

/** What a pool is wired to. */
export type GroupPoolDeps = {
  /** Called once when a group is first wanted, and again on `restart`. */
  readonly planOf: (identity: GroupIdentity) => GroupPlan;
  /** The folder of `launcher.py`. */
  readonly pythonFolder: string;
  /** As `prepareRuntimeDir` returned it. */
  readonly runtimeDir: string;
  readonly guard: ProcessDeps['guard'];
  readonly observer: GroupObserver;
  readonly log: GroupLog;
  readonly clock?: Clock;
};

export type GroupPoolOptions = {
  /** Groups at once, used or not. */
  readonly maxGroups: number;
  /** Processes of all groups at once, but for successors of those that are being replaced; no limit by default. */
  readonly maxProcesses?: number;
  /** Processes starting at once; 4 by default. */
  readonly maxStarting?: number;
};

/** What a reload did to each group, by id; `adopted`: a new plan that the running processes fit as they are. */
export type PoolReload = {
  readonly unchanged: readonly string[];
  readonly adopted: readonly string[];
  readonly replaced: readonly string[];
  readonly stopped: readonly string[];
  /** Whose new processes did not come up: the old ones go on serving. */
  readonly kept: readonly { readonly id: string; readonly failure: StartFailure }[];
};

type AnyGroup = Group | RemoteGroup;

const MAX_STARTING = 4;

/** What was used within so long is not idle while others are starting, which will be idle themselves. */
const SPARED_MS = 5_000;

/** How old what is known of the machine's processes may be. */
const TABLE_AGE_MS = 500;

export class GroupPool {
  readonly #deps: GroupPoolDeps;
  #maxGroups: number;
  #maxProcesses: number;
  readonly #groupDeps: GroupDeps;
  readonly #groups = new Map<GroupKey, AnyGroup>();
  /** Forgotten already, and still answering what they had taken. */
  readonly #leaving = new Set<AnyGroup>();
  #sequence = 0;
  #isStopping = false;

  constructor(deps: GroupPoolDeps, { maxGroups, maxProcesses, maxStarting }: GroupPoolOptions) {
    this.#deps = deps;
    this.#maxProcesses = maxProcesses ?? Number.POSITIVE_INFINITY;
    this.#maxGroups = maxGroups;
    const clock = deps.clock ?? systemClock;
    const { observer, log, pythonFolder, guard } = deps;
    const processDeps: ProcessDeps = {
      pythonFolder,
      guard,
      log,
      clock,
      table: new ProcessTable(clock.now, TABLE_AGE_MS),
    };
    const oom = new OomWatch();
    this.#groupDeps = {
      clock,
      observer,
      log,
      random: Math.random,
      hasRoom: () => this.#hasRoom(),
      hasRunOutOfMemory: () => oom.hasStruck(),
      gate: new StartGate(maxStarting ?? MAX_STARTING, clock),
      startProcess: (request) => {
        this.#sequence += 1;
        const socket = socketPath(deps.runtimeDir, request.plan.id, {
          pid: process.pid,
          sequence: this.#sequence,
        });
        try {
          return new GroupProcess(processDeps, request, socket);
        } catch (problem) {
          return new StillbornProcess(request, problem, clock);
        }
      },
    };
  }

  /** A lease when the group has a free thread; else a refusal, or a place in its queue. */
  claim(identity: GroupIdentity, key: GroupKey, claim: Claim): ClaimResult {
    const group = this.#groups.get(key) ?? this.#open(identity, key);
    return 'kind' in group ? group : group.claim(claim);
  }

  /** As `claim`, for who waits by a promise and leaves by a signal. */
  acquire(
    identity: GroupIdentity,
    key: GroupKey,
    signal: AbortSignal,
  ): Lease | Refusal | Promise<Lease | Refusal> {
    return byPromise((claim) => this.claim(identity, key, claim), signal);
  }

  /** Starts a group's first process, which imports these scripts besides the plan's; kept when that start is over. */
  async preload(identity: GroupIdentity, scripts: readonly string[] = []): Promise<void> {
    const group = this.#open(identity, groupKey(identity));
    if (!('kind' in group)) await group.preload(scripts);
  }

  /** From now on; what is beyond stays until it is idle. */
  limitTo({ maxGroups, maxProcesses }: Pick<GroupPoolOptions, 'maxGroups' | 'maxProcesses'>): void {
    this.#maxGroups = maxGroups;
    this.#maxProcesses = maxProcesses ?? this.#maxProcesses;
  }

  snapshot(): readonly GroupSnapshot[] {
    return [...this.#leaving, ...this.#groups.values()].map((group) => group.snapshot());
  }

  /** Which group has this id; undefined when none has. */
  identityOf(id: string): GroupIdentity | undefined {
    return this.#byId(id)?.identity;
  }

  /** Undefined when no group has that id. */
  async restart(id: string): Promise<RestartResult | undefined> {
    const group = this.#byId(id);
    return await group?.restart(this.#deps.planOf(group.identity));
  }

  /**
   * Goes by new plans: a group whose plan is the same is not touched, one that `wanted` has no plan for drains, ends and is
   * forgotten. Kept when all that is done; new groups are made when they are asked for, as ever.
   */
  async reload(wanted: (identity: GroupIdentity) => GroupPlan | undefined): Promise<PoolReload> {
    const done = await Promise.all(
      [...this.#groups].map(async ([key, group]) => {
        const plan = wanted(group.identity);
        const isElsewhere = group instanceof RemoteGroup;
        const hasMoved = plan === undefined || isRemote(plan) !== isElsewhere;
        const result = hasMoved ? await this.#forget(key, group) : await group.reload(plan);
        return { id: groupId(key), ...result };
      }),
    );
    const idsOf = (kind: (typeof done)[number]['kind']): string[] =>
      done.filter((result) => result.kind === kind).map(({ id }) => id);
    return {
      unchanged: idsOf('unchanged'),
      adopted: idsOf('adopted'),
      replaced: idsOf('replaced'),
      stopped: idsOf('stopped'),
      kept: done.flatMap((result) =>
        result.kind === 'kept' ? [{ id: result.id, failure: result.failure }] : [],
      ),
    };
  }

  /** Drains and ends every group; new requests are refused from now on. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all([...this.#leaving, ...this.#groups.values()].map((group) => group.stop()));
  }

  /** A request that asks for it again gets a new group, without waiting for the end of the old one. */
  async #forget(key: GroupKey, group: AnyGroup): Promise<{ readonly kind: 'stopped' }> {
    this.#groups.delete(key);
    this.#leaving.add(group);
    await group.stop();
    this.#leaving.delete(group);
    if (!this.#groups.has(key)) this.#deps.observer.groupDropped(group.identity);
    return { kind: 'stopped' };
  }

  #byId(id: string): AnyGroup | undefined {
    for (const [key, group] of this.#groups) if (groupId(key) === id) return group;
    return undefined;
  }

  #open(identity: GroupIdentity, key: GroupKey): AnyGroup | Refusal {
    const existing = this.#groups.get(key);
    if (existing !== undefined) return existing;
    if (this.#isStopping) return draining(identity);
    if (this.#groups.size >= this.#maxGroups && !this.#dropUnused())
      return groupLimit(identity, this.#maxGroups);
    const group = this.#make(this.#deps.planOf(identity));
    this.#groups.set(key, group);
    return group;
  }

  #make(plan: GroupPlan): AnyGroup {
    return isRemote(plan) ? new RemoteGroup(plan, this.#groupDeps) : new Group(plan, this.#groupDeps);
  }

  /**
   * One idle process of another group goes where there are as many as may be: the one that was used longest ago. In a rush of cold
   * groups that would soon be the one of a group that is busy, as the others have none yet.
   */
  #hasRoom(): boolean {
    const groups = [...this.#groups.values()].filter((group) => group instanceof Group);
    const count = groups.reduce((sum, group) => sum + group.processCount, 0);
    if (count < this.#maxProcesses) return true;
    const idle = groups.map((group) => ({ group, sinceMs: group.idleSinceMs() ?? Number.POSITIVE_INFINITY }));
    const [coldest] = idle.sort((one, other) => one.sinceMs - other.sinceMs);
    if (coldest === undefined || coldest.sinceMs === Number.POSITIVE_INFINITY) return false;
    const { clock, gate } = this.#groupDeps;
    if (gate.isBusy && clock.now() - coldest.sinceMs < SPARED_MS) return false;
    coldest.group.makeRoom();
    return true;
  }

  /** Makes room by forgetting a group that has no process; false when all have. */
  #dropUnused(): boolean {
    for (const [key, group] of this.#groups) {
      if (group.state !== 'idle') continue;
      this.#groups.delete(key);
      this.#deps.observer.groupDropped(group.identity);
      return true;
    }
    return false;
  }
}
