/** What the admin side reads, made from the supervisor's site and pool at each question. */
import type { AdminModel, Question } from '../../routes/model.ts';
import { fromBytes } from '../apache/bytes.ts';
import type { Diagnostic } from '../apache/diagnostic.ts';
import { SidecarError } from '../errors.ts';
import type { GroupPlan } from '../groups/plan.ts';
import type { GroupSnapshot } from '../groups/snapshot.ts';
import type { GroupIdentity } from '../routing/group-key.ts';
import type { Site } from '../site/model.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import { viewDiagnostic } from './diagnostic-view.ts';
import { explainQuestion } from './explanation.ts';
import { viewGroups } from './group-views.ts';

export type AdminModelDeps = {
  readonly supervisor: Supervisor;
  readonly planOf: (site: Site, identity: GroupIdentity) => GroupPlan;
  readonly diagnostics: () => readonly Diagnostic[];
  /** Of the processes that run dispatch scripts. */
  readonly helperStates: () => readonly GroupSnapshot[];
};

export function createAdminModel({
  supervisor,
  planOf,
  diagnostics,
  helperStates,
}: AdminModelDeps): AdminModel {
  const site = (): Site => {
    if (supervisor.site === undefined)
      throw new SidecarError('ERR_CONFIG_UNREADABLE', 'The configuration has not been read yet: ask again');
    return supervisor.site;
  };
  return {
    readiness: () => ({ ready: supervisor.state === 'ready', state: supervisor.state }),
    groups: () => viewGroups(site(), planOf, [...(supervisor.pool?.snapshot() ?? []), ...helperStates()]),
    explain: (question: Question) => explainQuestion(site(), question),
    site: () => viewSite(site()),
    diagnostics: () => diagnostics().map(viewDiagnostic),
  };
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
