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
import type { OpenSockets } from '../supervisor/open-sockets.ts';
import type { ReloadOutcome, ReloadTrigger } from '../supervisor/reload.ts';
import { Supervisor } from '../supervisor/supervisor.ts';
import { openAdmin } from './admin-listener.ts';
import { createAdminModel } from './admin-model.ts';
import { type ConfigWatch, createConfigWatch } from './config-watch.ts';
import { type ConfigurationSource, type InForce, readConfiguration } from './configuration.ts';
import { type OpenDoors, openDoors } from './doors.ts';
import { type HouseWithHelpers, openHouse } from './house.ts';
import { createAccessLog, joinObservers } from './observers.ts';
import { settingsFor } from './planner.ts';
import type { ReadPlaces } from './recorded-reads.ts';
import { ReloadReport } from './reload-report.ts';

export type SidecarContext = Omit<ConfigurationSource, 'readSettings'> & {
  readonly version: string;
  readonly log: Log;
  /** Where each request is told, if anywhere. */
  readonly accessLog?: Log;
  /** What listened before this process; those that no listener takes are closed once the sidecar serves. */
  readonly openSockets?: OpenSockets;
  /** Pid of the sidecar whose place this one takes: it may share its runtime folder as long as both run. */
  readonly successorOf?: number;
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
  /** Drains, then ends everything. */
  stop(): Promise<void>;
};

/** A sidecar that serves; rejects with a SidecarError when something it needs cannot be had, leaving nothing behind. */
export async function startSidecar(settings: Settings, context: SidecarContext): Promise<RunningSidecar> {
  const parts = assemble(settings, context);
  const { supervisor, report } = parts;
  report.loaded(supervisor.load());
  const model = createAdminModel(parts);
  const admin = await openAdmin(settings.admin, { ...context, model, metrics: parts.metrics });
  try {
    await supervisor.start();
    closeUnwanted(context);
    parts.followFiles();
  } catch (error) {
    await admin.close();
    throw error;
  }
  return {
    model,
    listening: parts.doors()?.addresses() ?? [],
    admin: admin.address,
    reload: (trigger) => supervisor.reload(trigger),
    stop: async () => {
      parts.watch.close();
      await supervisor.stop((supervisor.current?.settings ?? settings).drainTimeout);
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
  readonly supervisor: Supervisor<InForce>;
  readonly metrics: Metrics;
  readonly report: ReloadReport;
  readonly doors: () => OpenDoors | undefined;
  /** Processes that run dispatch scripts. */
  readonly helpers: () => GroupPool | undefined;
  readonly watch: ConfigWatch;
  /** Watches what was read last, where `watch` says so. */
  readonly followFiles: () => void;
};

function assemble(settings: Settings, context: SidecarContext): Parts {
  const { environment, version, log, accessLog, tell, settingsFile } = context;
  const metrics = new Metrics({
    version,
    maxGroups: settings.maxGroups,
    maxSeries: settings.metrics.maxSeries,
  });
  const observer = accessLog === undefined ? metrics : joinObservers(metrics, createAccessLog(accessLog));
  const asked = new AskedGroups(createFileProbe());
  const source = {
    readSettings: context.readSettings ?? ((): Settings => settings),
    environment,
    ...(settingsFile === undefined ? {} : { settingsFile }),
  };
  let house: HouseWithHelpers | undefined;
  let doors: OpenDoors | undefined;
  let places: ReadPlaces = { files: [], folders: [] };
  const supervisor: Supervisor<InForce> = new Supervisor<InForce>({
    // What the start was given is what is in force first, whatever the file says by now.
    read: () => {
      const reading =
        supervisor.current === undefined
          ? readConfiguration({ ...source, readSettings: () => settings })
          : readConfiguration(source, settings);
      places = reading.places;
      return reading;
    },
    openHouse: async (current) => {
      house = await openHouse(current, { ...context, observer, metrics, asked });
      return house;
    },
    openDoors: async (current, pool) => {
      const helpers = house?.helpers ?? pool;
      doors = await openDoors(current, { ...context, observer, metrics, pool, helpers, asked });
      return doors;
    },
    preload,
    reloadBegins: async () => await tell?.('reloading'),
    reloadEnded: async (outcome) => {
      report.ended(outcome, supervisor.current);
      followFiles();
      await tell?.('ready');
    },
  });
  const report = new ReloadReport({ log, metrics, identities: () => house?.known() ?? new Map() });
  const watch = createConfigWatch({ log, onChange: () => void supervisor.reload('watch') });
  const followFiles = (): void => {
    if (supervisor.state === 'ready') watch.follow(supervisor.current?.settings.watch ?? false, places);
  };
  const helpers = (): GroupPool | undefined => house?.helpers;
  return { supervisor, metrics, report, doors: () => doors, helpers, watch, followFiles };
}

/** Groups that `preload` names start together; one that cannot start is the log's matter, not the others'. */
async function preload({ settings, declared }: InForce, pool: GroupPool): Promise<void> {
  const wanted = declared.filter(
    ({ identity }) =>
      settingsFor(settings.groups, identity).preload ?? settings.groups.defaults?.preload ?? settings.preload,
  );
  await Promise.all(wanted.map(({ identity }) => pool.preload(identity)));
}
