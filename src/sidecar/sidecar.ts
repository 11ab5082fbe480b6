/**
 * The composition: joins settings, site, groups, proxy, metrics and the admin side into one running sidecar.
 * The only place where the observer interfaces of `groups/` and `proxy/` meet those who fulfil them.
 */
import type { AdminModel } from '../../routes/model.ts';
import type { GroupPool } from '../groups/pool.ts';
import type { Log } from '../log.ts';
import { Metrics } from '../metrics/metrics.ts';
import type { Settings } from '../settings/load.ts';
import { AskedGroups } from '../supervisor/asked-groups.ts';
import { createFileProbe } from '../supervisor/file-probe.ts';
import type { InheritedGroup } from '../supervisor/inheritance.ts';
import type { OpenSockets } from '../supervisor/open-sockets.ts';
import type { Reading, ReloadOutcome, ReloadTrigger } from '../supervisor/reload.ts';
import { refuseSecond } from '../supervisor/runtime-lock.ts';
import { Supervisor } from '../supervisor/supervisor.ts';
import type { AccessLog } from './access-log.ts';
import { type AdminListener, openAdmin } from './admin-listener.ts';
import { createAdminModel } from './admin-model.ts';
import { type ConfigWatch, createConfigWatch } from './config-watch.ts';
import {
  type ConfigurationReading,
  type ConfigurationSource,
  type InForce,
  readConfiguration,
} from './configuration.ts';
import { type OpenDoors, openDoors } from './doors.ts';
import { createEvents, type Events } from './events.ts';
import { type HouseWithHelpers, openHouse } from './house.ts';
import { joinObservers } from './observers.ts';
import { settingsFor } from './planner.ts';
import type { ReadPlaces } from './recorded-reads.ts';
import { ReloadReport } from './reload-report.ts';
import { defaultRuntimeDir } from './runtime-dir.ts';
import { createSuccession, type Succession } from './succession.ts';
import { stillWanted, warmUp } from './warm-up.ts';

export type SidecarContext = Omit<ConfigurationSource, 'readSettings'> & {
  readonly version: string;
  readonly log: Log;
  /** Where each request is told, if anywhere. */
  readonly accessLog?: AccessLog;
  /** What listened before this process; those that no listener takes are closed once the sidecar serves. */
  readonly openSockets?: OpenSockets;
  /** Pids of the sidecars whose place this one takes, the last first: it may share their runtime folder as long as they run. */
  readonly successorOf?: readonly number[];
  /** Groups of the sidecar that this one succeeds, and that serves until this one does. */
  readonly inheritedGroups?: readonly InheritedGroup[];
  /** The command line that starts a successor. */
  readonly command?: readonly string[];
  /** The settings of a reload; by default those of the start. */
  readonly readSettings?: () => Settings;
  /** Told of reloads, as systemd is; never rejects. */
  readonly tell?: (state: 'reloading' | 'ready') => Promise<void>;
};

export type RunningSidecar = {
  /** What the admin side shows. */
  readonly model: AdminModel;
  /** Addresses as bound. */
  readonly listening: readonly string[];
  readonly admin: string;
  reload(trigger: ReloadTrigger): Promise<ReloadOutcome>;
  /** An error that nobody has caught is logged and counted: one request's fault is no reason to end all others. */
  surviveError(error: unknown): void;
  /** Resolves when a successor serves. */
  readonly succeeded: Promise<void>;
  /** Drains, then ends everything; after `succeeded` its doors are the successor's. */
  stop(): Promise<void>;
  /** Ends every connection of a client at once. */
  breakOff(): void;
};

/** A sidecar that serves; rejects with a SidecarError when something it needs cannot be had, leaving nothing behind. */
export async function startSidecar(settings: Settings, context: SidecarContext): Promise<RunningSidecar> {
  let admin: AdminListener | undefined;
  const parts = assemble(settings, context);
  const { supervisor, report, doors } = parts;
  const succession = createSuccession({
    ...context,
    supervisor,
    sockets: () => [...(doors()?.sockets() ?? []), ...(admin === undefined ? [] : [admin.socket])],
    groups: () => supervisor.pool?.snapshot() ?? [],
    requestOf: (key) => parts.asked.requestOf(key),
  });
  report.loaded(supervisor.load());
  const model = createAdminModel({ ...parts, succession });
  const open = (): Promise<AdminListener> =>
    openAdmin(settings.admin.listen, {
      ...context,
      model,
      metrics: parts.metrics,
      token: () => (supervisor.current?.settings ?? settings).admin.token,
    });
  // A successor does not answer for its sidecar before it serves.
  if (context.inheritedGroups === undefined)
    admin = await open().catch(async (error) => {
      // The usual reason for a taken address, and the more telling one.
      await refuseSecond(settings.runtimeDir ?? defaultRuntimeDir(context.environment));
      throw error;
    });
  try {
    await supervisor.start();
    admin ??= await open();
  } catch (error) {
    await admin?.close();
    await supervisor.stop(settings.drainTimeout);
    throw error;
  }
  settleSockets(context);
  parts.followFiles();
  return {
    model,
    listening: doors()?.addresses() ?? [],
    admin: admin.address,
    surviveError: (err) => {
      parts.metrics.errorUnexpected();
      context.log.error(
        { err, code: 'ERR_INTERNAL' },
        'Error that nobody has caught: a fault of the sidecar',
      );
    },
    ...lifeOf({ ...parts, succession, admin }, settings),
  };
}

type Life = Pick<RunningSidecar, 'reload' | 'succeeded' | 'stop' | 'breakOff'>;

type Living = Pick<Parts, 'supervisor' | 'watch' | 'doors'> & {
  readonly succession: Succession;
  readonly admin: AdminListener;
};

function lifeOf({ supervisor, watch, doors, succession, admin }: Living, settings: Settings): Life {
  let isSucceeded = false;
  return {
    reload: (trigger) => supervisor.reload(trigger),
    succeeded: succession.succeeded.then(() => {
      isSucceeded = true;
    }),
    stop: async () => {
      watch.close();
      succession.callOff();
      if (isSucceeded) admin.handOver();
      const { drainTimeout } = supervisor.current?.settings ?? settings;
      await supervisor.stop(drainTimeout, isSucceeded ? 'handOver' : 'close');
      await admin.close();
    },
    breakOff: () => doors()?.destroy(),
  };
}

function settleSockets({ openSockets, log }: SidecarContext): void {
  for (const { fd, address, name } of openSockets?.settle() ?? []) {
    const message = `No listener wants the inherited socket "${address ?? name}": name it in "listen", or do not open it`;
    log.warn({ fd, address, name }, message);
  }
}

type Parts = {
  readonly supervisor: Supervisor<InForce>;
  readonly metrics: Metrics;
  readonly report: ReloadReport;
  readonly events: Events;
  readonly asked: AskedGroups;
  readonly doors: () => OpenDoors | undefined;
  /** Processes that run dispatch scripts. */
  readonly helpers: () => GroupPool | undefined;
  readonly watch: ConfigWatch;
  /** Watches what was read last, where `watch` says so. */
  readonly followFiles: () => void;
};

function assemble(settings: Settings, context: SidecarContext): Parts {
  const { version, log, accessLog, tell } = context;
  const metrics = new Metrics({
    version,
    maxSeries: settings.metrics.maxSeries,
  });
  const observer = accessLog === undefined ? metrics : joinObservers(metrics, accessLog);
  const asked = new AskedGroups(createFileProbe());
  const events = createEvents();
  const reader = createReader(settings, context);
  let house: HouseWithHelpers | undefined;
  let doors: OpenDoors | undefined;
  const supervisor: Supervisor<InForce> = new Supervisor<InForce>({
    read: reader.read,
    openHouse: async (current) => {
      house = await openHouse(current, {
        ...context,
        observer: joinObservers(observer, events.observer),
        metrics,
        asked,
      });
      return house;
    },
    warmUp: (first, pool) => warmUp(context.inheritedGroups ?? [], stillWanted(first, asked), pool),
    openDoors: async (current, pool) => {
      const helpers = house?.helpers ?? pool;
      const spool = house?.spool;
      doors = await openDoors(current, { ...context, observer, metrics, pool, helpers, asked, spool });
      return doors;
    },
    preload,
    reloadBegins: () => tellWhileMain('reloading'),
    reloadEnded: async (outcome) => {
      report.ended(outcome, supervisor.current);
      followFiles();
      await tellWhileMain('ready');
    },
  });
  // What a sidecar says that has a successor would make it the unit's main process again.
  const tellWhileMain = async (state: 'reloading' | 'ready'): Promise<void> => {
    if (supervisor.state === 'ready') await tell?.(state);
  };
  const report = new ReloadReport({ log, metrics, events, identities: () => house?.known() ?? new Map() });
  const watch = createConfigWatch({ log, onChange: () => void supervisor.reload('watch') });
  const followFiles = (): void => {
    if (supervisor.state === 'ready')
      watch.follow(supervisor.current?.settings.watch ?? false, reader.places());
  };
  const helpers = (): GroupPool | undefined => house?.helpers;
  return { supervisor, metrics, report, events, asked, doors: () => doors, helpers, watch, followFiles };
}

type Reader = {
  readonly read: () => Reading<InForce>;
  /** What the last reading was made from. */
  readonly places: () => ReadPlaces;
};

/** The first reading is of the settings that the start was given, whatever the file says by now. */
function createReader(
  started: Settings,
  { environment, settingsFile, readSettings }: SidecarContext,
): Reader {
  const source = { environment, ...(settingsFile === undefined ? {} : { settingsFile }) };
  let last: ConfigurationReading | undefined;
  return {
    read: () => {
      last =
        last === undefined
          ? readConfiguration({ ...source, readSettings: () => started })
          : readConfiguration(
              { ...source, readSettings: readSettings ?? ((): Settings => started) },
              started,
            );
      return last;
    },
    places: () => last?.places ?? { files: [], folders: [] },
  };
}

/** Groups that `preload` names start together; one that cannot start is the log's matter, not the others'. */
async function preload({ settings, declared }: InForce, pool: GroupPool): Promise<void> {
  const wanted = declared.filter(
    ({ identity }) =>
      settingsFor(settings.groups, identity).preload ?? settings.groups.defaults?.preload ?? settings.preload,
  );
  await Promise.all(wanted.map(({ identity }) => pool.preload(identity)));
}
