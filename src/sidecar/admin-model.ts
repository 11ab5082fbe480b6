/** What the admin side reads, made from the supervisor's site and pool at each question. */
import type { AdminModel, GroupView, Question, RestartOutcome } from '../../routes/model.ts';
import { fromBytes } from '../apache/bytes.ts';
import { SidecarError } from '../errors.ts';
import type { GroupPool } from '../groups/pool.ts';
import type { RestartResult } from '../groups/replacements.ts';
import type { Site } from '../site/model.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import type { InForce } from './configuration.ts';
import { viewDiagnostic } from './diagnostic-view.ts';
import type { Events } from './events.ts';
import { explainQuestion } from './explanation.ts';
import { viewFailure, viewGroups } from './group-views.ts';
import type { ReloadReport } from './reload-report.ts';
import type { Succession } from './succession.ts';

export type AdminModelDeps = {
  readonly supervisor: Supervisor<InForce>;
  readonly report: ReloadReport;
  readonly events: Pick<Events, 'listen'>;
  /** Of the processes that run dispatch scripts. */
  readonly helpers: () => GroupPool | undefined;
  readonly succession: Succession;
};

export function createAdminModel({
  supervisor,
  report,
  helpers,
  events,
  succession,
}: AdminModelDeps): AdminModel {
  const inForce = (): InForce => {
    if (supervisor.current === undefined)
      throw new SidecarError('ERR_CONFIG_UNREADABLE', 'The configuration has not been read yet: ask again');
    return supervisor.current;
  };
  const pools = (): GroupPool[] => [supervisor.pool, helpers()].filter((pool) => pool !== undefined);
  const groups = (): readonly GroupView[] =>
    viewGroups(
      inForce().site,
      inForce().planOf,
      pools().flatMap((pool) => pool.snapshot()),
    );
  const restart = async (id: string): Promise<RestartOutcome | undefined> => {
    const result = await restartIn(pools(), id);
    if (result?.kind === 'kept')
      return { result: 'kept', failure: viewFailure({ at: new Date(), ...result.failure }) };
    const group = groups().find((one) => one.id === id);
    return group === undefined ? undefined : { result: result === undefined ? 'idle' : 'restarted', group };
  };
  return {
    readiness: () => ({ ready: supervisor.state === 'ready', state: supervisor.state }),
    groups,
    restart,
    explain: (question: Question) => explainQuestion(inForce().site, question),
    site: () => viewSite(inForce().site),
    diagnostics: () => inForce().diagnostics.map(viewDiagnostic),
    reload: async () => {
      await supervisor.reload('operator');
      if (report.last === undefined) throw new Error('A reload has ended without a report');
      return report.last;
    },
    lastReload: () => report.last,
    upgrade: () => succession.upgrade(),
    events: events.listen,
  };
}

/** Undefined where no pool has such a group. */
async function restartIn(pools: readonly GroupPool[], id: string): Promise<RestartResult | undefined> {
  for (const pool of pools) {
    const result = await pool.restart(id);
    if (result !== undefined) return result;
  }
  return undefined;
}

/** The site without what is compiled for routing. */
function viewSite(site: Site): object {
  const place = ({ file, line }: { file: string; line: number }): string => `${fromBytes(file)}:${line}`;
  return {
    listeners: site.listeners.map(({ address, port, protocol, position }) => ({
      address,
      port,
      protocol,
      position: place(position),
    })),
    virtualHosts: [...site.virtualHosts, site.main].map((host) => ({
      id: fromBytes(host.id),
      serverName: fromBytes(host.serverName),
      aliases: host.aliases.map(fromBytes),
      addresses: host.addresses.map(({ text }) => fromBytes(text)),
      position: place(host.position),
    })),
    mounts: site.mounts.map((mount) => ({
      id: fromBytes(mount.id),
      virtualHost: fromBytes(mount.virtualHost),
      kind: mount.kind,
      mountPoint: fromBytes(mount.mountPoint),
      target: fromBytes(mount.target),
      position: place(mount.position),
    })),
    processGroups: [...site.processGroups.values()].map(({ name, processes, threads, user, position }) => ({
      name: fromBytes(name),
      processes,
      threads,
      user,
      position: place(position),
    })),
  };
}
