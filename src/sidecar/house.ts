/** The groups and what they live on: the runtime folder, the guard, the pools of applications and of dispatch scripts. */
import { join } from 'node:path';
import { Guard } from '../groups/guard.ts';
import type { GroupObserver } from '../groups/observer.ts';
import type { GroupPlan } from '../groups/plan.ts';
import { GroupPool, type PoolReload } from '../groups/pool.ts';
import { prepareRuntimeDir } from '../groups/socket-path.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { packageRoot } from '../package-root.ts';
import { SpoolRoom } from '../proxy/spool-room.ts';
import { type GroupIdentity, groupKey } from '../routing/group-key.ts';
import type { AskedGroups } from '../supervisor/asked-groups.ts';
import { lockRuntimeDir } from '../supervisor/runtime-lock.ts';
import type { House } from '../supervisor/supervisor.ts';
import type { InForce } from './configuration.ts';
import { defaultRuntimeDir } from './runtime-dir.ts';

export type HouseDeps = {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly observer: GroupObserver;
  readonly metrics: Metrics;
  readonly asked: AskedGroups;
  /** Pid of the sidecar whose place this one takes. */
  readonly successorOf?: readonly number[];
};

/** With the pool of dispatch scripts; no group of applications has to make room for them. */
export type HouseWithHelpers = House<InForce> & {
  readonly helpers: GroupPool;
  /** Where answers are kept for clients that lag. */
  readonly spool: SpoolRoom;
  /** The groups that there were when the last reload began and when it had ended, by id. */
  known(): ReadonlyMap<string, GroupIdentity>;
};

/** Groups are planned by what is in force when they are first wanted. */
export async function openHouse(current: () => InForce, deps: HouseDeps): Promise<HouseWithHelpers> {
  const { environment, log, observer, metrics, asked, successorOf } = deps;
  const { settings } = current();
  const runtimeDir = await prepareRuntimeDir(settings.runtimeDir ?? defaultRuntimeDir(environment));
  const lock = await lockRuntimeDir(runtimeDir, successorOf === undefined ? {} : { successorOf });
  const pythonFolder = join(packageRoot(), 'src', 'python');
  const guard = await Guard.start({ python: settings.python, pythonFolder, log }).catch(async (error) => {
    await lock.release();
    throw error;
  });
  const planOf = (identity: GroupIdentity): GroupPlan => planIn(current(), identity);
  const poolDeps = { planOf, pythonFolder, runtimeDir, guard, log };
  const { maxGroups, maxProcesses } = settings;
  const pool = new GroupPool({ ...poolDeps, observer }, { maxGroups, maxProcesses });
  const helpers = new GroupPool({ ...poolDeps, observer: unobserved }, { maxGroups });
  metrics.readGroupsFrom(() =>
    pool.snapshot().map(({ identity, state, processes, queue, nextStartInMs = 0 }) => ({
      identity,
      state,
      processes,
      queueDepth: queue.depth,
      queueLimit: queue.limit,
      backoffSeconds: Math.max(0, nextStartInMs) / 1000,
    })),
  );
  const spool = new SpoolRoom(runtimeDir, log);
  metrics.readSpoolFrom(spool);
  let known: ReadonlyMap<string, GroupIdentity> = new Map();
  return {
    pool,
    helpers,
    spool,
    known: () => known,
    reload: async (next) => {
      const wanted = wantedGroups(next, asked);
      const limits = next.settings;
      pool.limitTo({ maxGroups: limits.maxGroups, maxProcesses: limits.maxProcesses });
      helpers.limitTo({ maxGroups: limits.maxGroups });
      known = identitiesIn([pool, helpers]);
      const reloads = await Promise.all([pool.reload(wanted), helpers.reload(wanted)]);
      known = new Map([...known, ...identitiesIn([pool, helpers])]);
      return joinReloads(reloads);
    },
    close: async () => {
      await helpers.stop();
      await guard.stop();
      await lock.release();
    },
  };
}

/** The metrics of groups are those of interpreters; helpers are told by the log and the list of groups. */
const unobserved: GroupObserver = {
  groupStateChanged: () => undefined,
  processStarted: () => undefined,
  processReady: () => undefined,
  processExited: () => undefined,
  processReplaced: () => undefined,
  groupDropped: () => undefined,
};

function planIn({ site, planOf }: InForce, identity: GroupIdentity): GroupPlan {
  return planOf(site, identity);
}

function identitiesIn(pools: readonly GroupPool[]): ReadonlyMap<string, GroupIdentity> {
  return new Map(pools.flatMap((pool) => pool.snapshot().map(({ id, identity }) => [id, identity])));
}

/** The plan of a group that the configuration declares or that a request could still make; a helper's while scripts are asked. */
function wantedGroups(next: InForce, asked: AskedGroups): (identity: GroupIdentity) => GroupPlan | undefined {
  const declared = new Set(next.declared.map(({ key }) => key));
  return (identity) => {
    const key = groupKey(identity);
    const isWanted =
      identity.part?.kind === 'dispatch'
        ? next.settings.groupsFrom === 'dispatch'
        : declared.has(key) || asked.isMadeBy(next.site, identity, key);
    return isWanted ? planIn(next, identity) : undefined;
  };
}

function joinReloads(reloads: readonly PoolReload[]): PoolReload {
  const all = <K extends keyof PoolReload>(key: K): PoolReload[K] =>
    reloads.flatMap((reload): readonly unknown[] => reload[key]) as unknown as PoolReload[K];
  return {
    unchanged: all('unchanged'),
    adopted: all('adopted'),
    replaced: all('replaced'),
    stopped: all('stopped'),
    kept: all('kept'),
  };
}
