/** Where requests come in: the listeners of the configuration in force, and how they change with it. */
import type { GroupPool } from '../groups/pool.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { BusyPoll } from '../proxy/busy-poll.ts';
import { Connections } from '../proxy/connections.ts';
import { Forwarder } from '../proxy/forwarder.ts';
import { Front, type FrontDeps, type FrontOptions } from '../proxy/front.ts';
import { type Listener, startListener } from '../proxy/listener.ts';
import type { RequestObserver } from '../proxy/observation.ts';
import { parseTrustList } from '../proxy/peer.ts';
import type { SpoolRoom } from '../proxy/spool-room.ts';
import { GroupTunnels } from '../proxy/tunnels.ts';
import type { AskedGroups } from '../supervisor/asked-groups.ts';
import type { OpenSocket, OpenSockets } from '../supervisor/open-sockets.ts';
import type { DoorsChange } from '../supervisor/reload.ts';
import type { Doors } from '../supervisor/supervisor.ts';
import { timerMs } from '../timer-ms.ts';
import { clientLimits, webSocketLimits } from './client-limits.ts';
import type { InForce } from './configuration.ts';
import { adviseElsewhere, adviseOverlap, type Door, planDoors } from './listeners.ts';
import { createResolver } from './resolver.ts';
import { socketGroupOf } from './socket-group.ts';

export type DoorsDeps = {
  /** What listened before this process; each is taken once. */
  readonly openSockets?: OpenSockets;
  readonly log: Log;
  readonly observer: RequestObserver;
  readonly metrics: Metrics;
  readonly pool: GroupPool;
  /** The processes of dispatch scripts. */
  readonly helpers: GroupPool;
  readonly asked: AskedGroups;
  readonly spool: SpoolRoom | undefined;
};

export type OpenDoors = Doors<InForce> & {
  /** As bound. */
  addresses(): readonly string[];
  /** For a successor to inherit. */
  sockets(): readonly OpenSocket[];
};

type OpenDoor = { readonly door: Door; readonly listener: Listener };

/** Opens every door; rejects with ERR_LISTEN, leaving none open. */
export async function openDoors(first: InForce, deps: DoorsDeps): Promise<OpenDoors> {
  const leaving = new Set<Listener>();
  const forwarders = createForwarders();
  const connections = new Connections();
  const poll = new BusyPoll();
  const groupTunnels = new GroupTunnels();
  deps.metrics.readConnectionsFrom(() => connections.count);
  let open: readonly OpenDoor[] = [];

  const prepare = async (next: InForce): Promise<DoorsChange> => {
    const doors = planDoors(next.settings.listen, next.site.listeners);
    const kept = open.filter(({ door }) => doors.some(({ bind }) => bind === door.bind));
    const closing = open.filter((one) => !kept.includes(one));
    const added = doors.filter(({ bind }) => !kept.some(({ door }) => door.bind === bind));
    // Whatever can fail is done before `commit`.
    const frontDeps = depsOf(
      next,
      { ...deps, poll, groupTunnels },
      forwarders.within(next.settings.responseTimeout),
    );
    const fronts = new Map(doors.map((door) => [door.bind, new Front(frontDeps, frontOptions(next, door))]));
    const opened = await openAll(added, (door) =>
      startDoor(door, doors, { ...deps, closing, site: next.site, connections }),
    );
    const staying = [...kept, ...opened];
    const commit = (): void => {
      poll.isWanted = next.settings.busyPoll;
      open = doors.flatMap((door) => {
        const [found, front] = [staying.find((one) => one.door.bind === door.bind), fronts.get(door.bind)];
        if (found === undefined || front === undefined) return [];
        found.listener.serveBy(front);
        return [{ door, listener: found.listener }];
      });
      for (const { listener } of closing) letGo(listener, next.settings.drainTimeout, leaving);
    };
    return { opened: addressesOf(opened), closed: addressesOf(closing), commit };
  };

  (await prepare(first)).commit();
  return {
    prepare,
    close: async () => {
      await closeAll([...open, ...[...leaving].map((listener) => ({ listener }))]);
      await forwarders.close();
    },
    destroy: () => {
      for (const listener of [...open.map((one) => one.listener), ...leaving]) listener.destroy();
    },
    handOver: async () => {
      await Promise.all([
        ...open.map(({ listener }) => listener.handOver()),
        ...[...leaving].map((one) => one.leave()),
      ]);
      await forwarders.close();
    },
    addresses: () => addressesOf(open),
    sockets: () =>
      open.map(({ listener: { fd, address, bind, ownsFile } }) => ({ fd, address, name: bind, ownsFile })),
  };
}

type Opening = Pick<DoorsDeps, 'openSockets'> & {
  readonly closing: readonly OpenDoor[];
  readonly connections: Connections;
  readonly site: InForce['site'];
};

async function startDoor(
  door: Door,
  doors: readonly Door[],
  { closing, site, openSockets, connections }: Opening,
): Promise<OpenDoor> {
  const socketGroup = socketGroupOf(door.bind, site.processes.group);
  const old = closing.map((one) => one.door);
  const inherited = openSockets?.take(door.bind);
  const listener = await startListener({
    bind: door.bind,
    connections,
    advice: adviseOverlap(door, old) ?? adviseElsewhere(door, doors),
    ...(socketGroup === undefined ? {} : { socketGroup }),
    ...(inherited === undefined ? {} : { open: inherited }),
  });
  return { door, listener };
}

async function openAll(
  doors: readonly Door[],
  start: (door: Door) => Promise<OpenDoor>,
): Promise<readonly OpenDoor[]> {
  const opened: OpenDoor[] = [];
  try {
    for (const door of doors) opened.push(await start(door));
    return opened;
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

async function closeAll(doors: readonly Pick<OpenDoor, 'listener'>[]): Promise<void> {
  await Promise.all(doors.map(({ listener }) => listener.close()));
}

function addressesOf(doors: readonly OpenDoor[]): readonly string[] {
  return doors.map(({ listener }) => listener.address);
}

/** Its requests under way have their time; nobody waits for them but the end of the sidecar. */
function letGo(listener: Listener, drainTimeoutMs: number, leaving: Set<Listener>): void {
  leaving.add(listener);
  const timer = setTimeout(() => listener.destroy(), timerMs(drainTimeoutMs));
  timer.unref();
  void listener.leave().then(() => {
    clearTimeout(timer);
    leaving.delete(listener);
  });
}

/** The connections to upstreams: kept over reloads, others for another time limit. */
function createForwarders(): { within(responseTimeoutMs: number): Forwarder; close(): Promise<void> } {
  const byLimit = new Map<number, Forwarder>();
  return {
    within(responseTimeoutMs) {
      const known = byLimit.get(responseTimeoutMs);
      const forwarder = known ?? new Forwarder({ responseTimeoutMs, connectTimeoutMs: 15_000 });
      byLimit.set(responseTimeoutMs, forwarder);
      return forwarder;
    },
    close: async () => {
      await Promise.all([...byLimit.values()].map((forwarder) => forwarder.close()));
    },
  };
}

function depsOf(
  { settings, site }: InForce,
  deps: DoorsDeps & { readonly poll: BusyPoll; readonly groupTunnels: GroupTunnels },
  forwarder: Forwarder,
): FrontDeps {
  const { log, observer, pool, poll, spool, groupTunnels } = deps;
  const resolve = createResolver(settings, { ...deps, site });
  return { resolve, claim: pool.claim.bind(pool), observer, log, poll, forwarder, spool, groupTunnels };
}

function frontOptions({ settings, site }: InForce, { as, tls }: Door): FrontOptions {
  const { trustedProxies, identity, accessControl, legacy, unresolved } = settings;
  return {
    as,
    tls,
    trust: parseTrustList(trustedProxies),
    limits: clientLimits(settings.limits, site.requestLimits),
    webSocketsOf: (identity) => webSocketLimits(settings.groups, identity),
    accessControl: accessControl === 'front' ? 'front' : 'refuse',
    ...(identity.user === undefined ? {} : { userHeader: identity.user }),
    ...(legacy === undefined ? {} : { legacy }),
    unresolved,
  };
}
