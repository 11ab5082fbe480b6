/**
 * The composition: joins settings, site, groups, proxy, metrics and the admin side into one running sidecar.
 * The only place where the observer interfaces of `groups/` and `proxy/` meet those who fulfil them.
 */
import { join } from 'node:path';
import { createAdmin, createAdminServer } from '../../routes/admin.ts';
import type { AdminModel } from '../../routes/model.ts';
import { fromBytes } from '../apache/bytes.ts';
import { type Diagnostic, renderDiagnostic } from '../apache/diagnostic.ts';
import { Guard } from '../groups/guard.ts';
import type { GroupObserver } from '../groups/observer.ts';
import type { GroupPlan } from '../groups/plan.ts';
import { GroupPool } from '../groups/pool.ts';
import { prepareRuntimeDir } from '../groups/socket-path.ts';
import type { Log } from '../log.ts';
import { Metrics } from '../metrics/metrics.ts';
import { packageRoot } from '../package-root.ts';
import { bindServer } from '../proxy/bind-server.ts';
import { Forwarder } from '../proxy/forwarder.ts';
import { Front, type FrontOptions } from '../proxy/front.ts';
import { type Listener, startListener } from '../proxy/listener.ts';
import type { RequestObserver } from '../proxy/observation.ts';
import { parseTrustList } from '../proxy/peer.ts';
import { declaredGroups } from '../routing/declared-groups.ts';
import type { GroupIdentity } from '../routing/group-key.ts';
import { renderAddress } from '../settings/address.ts';
import type { Settings } from '../settings/load.ts';
import type { Site } from '../site/model.ts';
import type { OpenSockets } from '../supervisor/open-sockets.ts';
import { type Doors, type House, Supervisor } from '../supervisor/supervisor.ts';
import { createAdminModel } from './admin-model.ts';
import { adviseElsewhere, type Door, planDoors } from './listeners.ts';
import { readSite, refuseFatal } from './load-site.ts';
import { createAccessLog, joinObservers } from './observers.ts';
import { createPlanner, settingsFor } from './planner.ts';
import { createResolver } from './resolver.ts';
import { defaultRuntimeDir } from './runtime-dir.ts';
import { socketGroupOf } from './socket-group.ts';

export type SidecarContext = {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly log: Log;
  /** Where each request is told, if anywhere. */
  readonly accessLog?: Log;
  /** What listened before this process; those that no listener takes are closed once the sidecar serves. */
  readonly openSockets?: OpenSockets;
};

export type RunningSidecar = {
  /** What the admin side shows. */
  readonly model: AdminModel;
  /** Addresses as bound. */
  readonly listening: readonly string[];
  readonly admin: string;
  /** Drains, then ends everything. */
  stop(): Promise<void>;
};

/** A sidecar that serves; rejects with a SidecarError when something it needs cannot be had, leaving nothing behind. */
export async function startSidecar(settings: Settings, context: SidecarContext): Promise<RunningSidecar> {
  const parts = assemble(settings, context);
  const { supervisor, listening } = parts;
  supervisor.load();
  const admin = await openAdmin(settings, context, parts);
  try {
    await supervisor.start();
    closeUnwanted(context);
  } catch (error) {
    await admin.close();
    throw error;
  }
  return {
    model: admin.model,
    listening,
    admin: admin.address,
    stop: async () => {
      await supervisor.stop(settings.drainTimeout);
      await admin.close();
    },
  };
}

function closeUnwanted({ openSockets, log }: SidecarContext): void {
  for (const { fd, address, name } of openSockets?.closeLeft() ?? []) {
    const message = `No listener wants the inherited socket "${address ?? name}": name it in "listen", or do not open it`;
    log.warn({ fd, address, name }, message);
  }
}

type Parts = {
  readonly supervisor: Supervisor;
  readonly metrics: Metrics;
  readonly planOf: ReturnType<typeof createPlanner>;
  readonly listening: string[];
  readonly diagnostics: () => readonly Diagnostic[];
  /** Of the processes that run dispatch scripts. */
  readonly helpers: () => GroupPool | undefined;
};

function assemble(settings: Settings, context: SidecarContext): Parts {
  const { environment, version, log, accessLog } = context;
  const { modWsgiVersion, maxGroups } = settings;
  const metrics = new Metrics({
    version,
    modWsgiVersion,
    maxGroups,
    maxSeries: settings.metrics.maxSeries,
    clientsMakeNames:
      settings.unknownPort === 'admit' || settings.expandFromRequest || settings.groupsFrom === 'dispatch',
  });
  const observer = accessLog === undefined ? metrics : joinObservers(metrics, createAccessLog(accessLog));
  const planOf = createPlanner(settings, { root: process.geteuid?.() === 0 });
  const listening: string[] = [];
  let diagnostics: readonly Diagnostic[] = [];
  let helpers: GroupPool | undefined;
  const supervisor = new Supervisor({
    loadSite: () => {
      const read = readSite(settings, environment);
      diagnostics = read.diagnostics;
      refuseFatal(diagnostics);
      logDiagnostics(diagnostics, log);
      metrics.declareGroups(declaredGroups(read.site).map(({ identity }) => identity));
      metrics.configurationLoaded(true);
      return read.site;
    },
    openHouse: async (currentSite) => {
      const house = await openHouse(settings, { ...context, observer, planOf, currentSite, metrics });
      helpers = house.helpers;
      return house;
    },
    openDoors: async (currentSite, pool) => {
      const doors = await openDoors(settings, { ...context, observer, metrics, currentSite, pool, helpers });
      listening.push(...doors.addresses);
      return doors;
    },
    preload: (site, pool) => preload(settings, site, pool),
  });
  return {
    supervisor,
    metrics,
    planOf,
    listening,
    diagnostics: () => diagnostics,
    helpers: () => helpers,
  };
}

type HouseContext = SidecarContext & {
  readonly observer: GroupObserver;
  readonly metrics: Metrics;
  readonly planOf: Parts['planOf'];
  readonly currentSite: () => Site;
};

/** With the pool of dispatch scripts, where those are asked; no group of applications has to make room for them. */
type HouseWithHelpers = House & { readonly helpers?: GroupPool };

async function openHouse(settings: Settings, context: HouseContext): Promise<HouseWithHelpers> {
  const { environment, log, observer, metrics, planOf, currentSite } = context;
  const runtimeDir = await prepareRuntimeDir(settings.runtimeDir ?? defaultRuntimeDir(environment));
  const pythonFolder = join(packageRoot(), 'src', 'python');
  const guard = await Guard.start({ python: settings.python, pythonFolder, log });
  const planNow = (identity: GroupIdentity): GroupPlan => planOf(currentSite(), identity);
  const deps = { planOf: planNow, pythonFolder, runtimeDir, guard, log };
  const { maxGroups, groupsFrom } = settings;
  const pool = new GroupPool({ ...deps, observer }, { maxGroups });
  const helpers =
    groupsFrom === 'dispatch' ? new GroupPool({ ...deps, observer: unobserved }, { maxGroups }) : undefined;
  metrics.readGroupsFrom(() =>
    pool.snapshot().map(({ identity, state, processes, queue }) => ({
      identity,
      state,
      processes,
      queueDepth: queue.depth,
      queueLimit: queue.limit,
    })),
  );
  const close = async (): Promise<void> => {
    await helpers?.stop();
    await guard.stop();
  };
  return { pool, ...(helpers === undefined ? {} : { helpers }), close };
}

/** The metrics of groups are those of interpreters; helpers are told by the log and the list of groups. */
const unobserved: GroupObserver = {
  groupStateChanged: () => undefined,
  processStarted: () => undefined,
  processReady: () => undefined,
  processExited: () => undefined,
};

type DoorsContext = Pick<SidecarContext, 'log' | 'openSockets'> & {
  readonly observer: RequestObserver;
  readonly metrics: Metrics;
  readonly currentSite: () => Site;
  readonly pool: GroupPool;
  readonly helpers: GroupPool | undefined;
};

async function openDoors(
  settings: Settings,
  { log, openSockets, observer, metrics, currentSite, pool, helpers }: DoorsContext,
): Promise<Doors & { readonly addresses: readonly string[] }> {
  const forwarder = new Forwarder({ responseTimeoutMs: settings.responseTimeout, connectTimeoutMs: 15_000 });
  const deps = {
    resolve: createResolver(settings, { log, metrics, currentSite, helpers }),
    acquire: pool.acquire.bind(pool),
    observer,
    log,
    forwarder,
  };
  const listeners: Listener[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(listeners.map((listener) => listener.close()));
    await forwarder.close();
  };
  try {
    const site = currentSite();
    const doors = planDoors(settings.listen, site.listeners);
    for (const door of doors) {
      const socketGroup = socketGroupOf(door.bind, site.processes.group);
      const open = openSockets?.take(door.bind);
      const options = {
        bind: door.bind,
        advice: adviseElsewhere(door, doors),
        ...(socketGroup === undefined ? {} : { socketGroup }),
        ...(open === undefined ? {} : { open }),
      };
      listeners.push(await startListener(options, new Front(deps, frontOptions(settings, door))));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    close,
    destroy: () => {
      for (const listener of listeners) listener.destroy();
    },
    addresses: listeners.map(({ address }) => address),
  };
}

function frontOptions(settings: Settings, { as, tls }: Door): FrontOptions {
  const { trustedProxies, identity, accessControl, legacy } = settings;
  return {
    as,
    tls,
    trust: parseTrustList(trustedProxies),
    accessControl: accessControl === 'front' ? 'front' : 'refuse',
    ...(identity.user === undefined ? {} : { userHeader: identity.user }),
    ...(legacy === undefined ? {} : { legacy }),
  };
}

/** Groups that `preload` names start together; one that cannot start is the log's matter, not the others'. */
async function preload(settings: Settings, site: Site, pool: GroupPool): Promise<void> {
  const wanted = declaredGroups(site).filter(
    ({ identity }) =>
      settingsFor(settings.groups, identity).preload ?? settings.groups.defaults?.preload ?? settings.preload,
  );
  await Promise.all(wanted.map(({ identity }) => pool.preload(identity)));
}

function logDiagnostics(diagnostics: readonly Diagnostic[], log: Log): void {
  for (const diagnostic of diagnostics) {
    const level = ({ error: 'error', warning: 'warn', info: 'debug' } as const)[diagnostic.severity];
    log[level]({ diagnostic: diagnostic.id }, fromBytes(renderDiagnostic(diagnostic)));
  }
}

type Admin = { readonly address: string; readonly model: AdminModel; close(): Promise<void> };

async function openAdmin(
  settings: Settings,
  { log, openSockets }: SidecarContext,
  parts: Parts,
): Promise<Admin> {
  const { listen, token } = settings.admin;
  const model = createAdminModel(parts);
  const onError = (err: unknown): void => log.error({ err }, 'Admin request failed');
  const access = { transport: listen.kind, ...(token === undefined ? {} : { token }) };
  const app = createAdmin({ model, metrics: parts.metrics, onError }, access);
  const server = createAdminServer(app);
  const advice = 'choose another with "admin: {listen: 127.0.0.1:9181}" or --admin';
  const bind = renderAddress(listen);
  const open = openSockets?.take(bind);
  const socket = await bindServer(server, { bind, ...(open === undefined ? {} : { open }) }, advice);
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await socket.removeFile();
    await closed;
  };
  return { address: socket.address, model, close };
}
