/** Groups as people and programs are shown them: what the configuration declares, joined with what runs. */
import type { FailureView, GroupName, GroupView } from '../../routes/model.ts';
import { fromBytes } from '../apache/bytes.ts';
import type { FailureSnapshot } from '../groups/failures.ts';
import { type GroupPlan, groupId } from '../groups/plan.ts';
import type { GroupSnapshot } from '../groups/snapshot.ts';
import { type DeclaredGroup, declaredGroups, portGroups } from '../routing/declared-groups.ts';
import { displayName, type GroupIdentity, groupKey } from '../routing/group-key.ts';
import type { Site } from '../site/model.ts';

type PlanOf = (site: Site, identity: GroupIdentity) => GroupPlan;

/** Every declared group in the order of the configuration, then those that requests have made besides. */
export function viewGroups(site: Site, planOf: PlanOf, snapshots: readonly GroupSnapshot[]): GroupView[] {
  const byId = new Map(snapshots.map((snapshot) => [snapshot.id, snapshot]));
  const declared = declaredGroups(site).map((group) => {
    const view = viewDeclared(group, planOf(site, group.identity));
    const snapshot = byId.get(view.id);
    byId.delete(view.id);
    return snapshot === undefined ? view : { ...view, ...viewState(snapshot) };
  });
  const byPort = byId.size === 0 ? new Map() : new Map(portGroups(site).map((group) => [group.key, group]));
  const others = [...byId.values()].map((snapshot) => {
    const { identity, imported } = snapshot;
    const group: Declaration = byPort.get(groupKey(identity)) ?? { identity, mounts: [], scripts: imported };
    return { ...viewDeclared(group, planOf(site, identity)), ...viewState(snapshot) };
  });
  return [...declared, ...others];
}

/** The name of a group for messages. */
export function nameOf(group: Omit<GroupName, 'id'>): string {
  const part = group.part === undefined ? '' : ` (${group.part})`;
  return `"${group.applicationGroup}" of process group "${group.processGroup}"${part}`;
}

type Declaration = Pick<DeclaredGroup, 'identity' | 'mounts' | 'scripts'>;

function viewDeclared({ identity, mounts, scripts }: Declaration, plan: GroupPlan): GroupView {
  const { processes, threads, queueLength, mode } = plan;
  const files = scripts.map(fromBytes);
  return {
    ...viewIdentity(identity),
    mode,
    state: 'idle',
    reason: 'nothing has asked for it yet',
    limits: { processes, threads, queueLength },
    mounts: mounts.map((mount) => fromBytes(mount.id)),
    scripts: files,
    sharing: files.length > 1 ? files : [],
    processes: [],
    queueDepth: 0,
    failedScripts: [],
  };
}

/** Who a group is. */
export function viewIdentity(identity: GroupIdentity): GroupName {
  return {
    id: groupId(groupKey(identity)),
    processGroup: displayName(fromBytes(identity.processGroup)),
    applicationGroup: displayName(fromBytes(identity.applicationGroup)),
    ...partOf(identity),
  };
}

function partOf({ part }: GroupIdentity): { part?: string } {
  if (part === undefined) return {};
  if (part.kind === 'dispatch') return { part: fromBytes(`dispatch script ${part.script}`) };
  return { part: fromBytes(part.kind === 'mount' ? part.mount : part.script) };
}

type StateView = Pick<
  GroupView,
  | 'state'
  | 'reason'
  | 'since'
  | 'nextStartAt'
  | 'processes'
  | 'queueDepth'
  | 'failure'
  | 'lastFailure'
  | 'failedScripts'
>;

function viewState(snapshot: GroupSnapshot): StateView {
  const { state, reason, since, nextStartInMs, processes, queue, lastFailure, failedScripts } = snapshot;
  const failure = lastFailure?.message ?? failedScripts[0]?.message;
  return {
    state,
    reason,
    since: since.getTime(),
    ...(nextStartInMs === undefined ? {} : { nextStartAt: Date.now() + nextStartInMs }),
    processes: processes.map((one) => ({
      pid: one.pid,
      ...(one.url === undefined ? {} : { url: one.url }),
      state: one.state,
      inFlight: one.inFlight,
      startedAt: one.startedAt.getTime(),
      served: one.served,
      failed: one.failed,
    })),
    queueDepth: queue.depth,
    ...(failure === undefined ? {} : { failure }),
    ...(lastFailure === undefined ? {} : { lastFailure: viewFailure(lastFailure) }),
    failedScripts: failedScripts.map(({ script, at, ...rest }) => ({
      script: fromBytes(script),
      at: at.getTime(),
      ...rest,
    })),
  };
}

/** A failure with the journey of its start laid open. */
export function viewFailure({ at, step, message, traceback, journey }: FailureSnapshot): FailureView {
  return {
    at: at.getTime(),
    step,
    message,
    ...(traceback === undefined ? {} : { traceback }),
    ...(journey === undefined ? {} : { steps: journey.steps, output: journey.output }),
  };
}
