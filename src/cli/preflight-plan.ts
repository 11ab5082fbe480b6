/** What `preflight` imports: every script that the configuration leads to, in the group that serves it, and what it must have. */
import { nodeFileReader } from '../apache/node-file-reader.ts';
import { placeMounts } from '../audit/place-mounts.ts';
import type { Placement } from '../audit/placement.ts';
import type { GroupPlan } from '../groups/plan.ts';
import { type GroupIdentity, type GroupKey, groupKey } from '../routing/group-key.ts';
import { isolationOf } from '../routing/isolation.ts';
import type { Site } from '../site/model.ts';

/** One script; byte strings. */
export type WantedScript = {
  readonly script: string;
  /** The callable objects that mounts name; empty where none can be known. */
  readonly callables: readonly string[];
};

export type WantedGroup = { readonly identity: GroupIdentity; readonly scripts: readonly WantedScript[] };

type Gathered = { readonly identity: GroupIdentity; readonly scripts: Map<string, Set<string>> };

/**
 * Groups in the order of the configuration. Where only a request names the group, each script is a group of its own that
 * bears the template for a name.
 */
export function wantedGroups(site: Site): readonly WantedGroup[] {
  const groups = new Map<GroupKey, Gathered>();
  const groupOf = (identity: GroupIdentity): Gathered => {
    const key = groupKey(identity);
    const group = groups.get(key) ?? { identity, scripts: new Map<string, Set<string>>() };
    groups.set(key, group);
    return group;
  };
  const want = (identity: GroupIdentity, script: string, callable: string | undefined): void => {
    const { scripts } = groupOf(identity);
    const callables = scripts.get(script) ?? new Set();
    if (callable !== undefined) callables.add(callable);
    scripts.set(script, callables);
  };
  for (const placement of placeMounts(site, nodeFileReader)) {
    const { dispatchScript } = placement.scope;
    if (dispatchScript !== undefined) want(dispatchHelper(dispatchScript), dispatchScript.value, undefined);
    if (placement.scripts.length === 0 && placement.identity !== undefined) groupOf(placement.identity);
    for (const script of placement.scripts)
      want(identityOf(site, placement, script), script, placement.callableObject);
  }
  return Array.from(groups.values(), ({ identity, scripts }) => ({
    identity,
    scripts: Array.from(scripts, ([script, callables]) => ({ script, callables: [...callables] })),
  }));
}

/** The scripts with what the group imports before it is ready in front: `WSGIImportScript`, `imports`. */
export function withImports(
  scripts: readonly WantedScript[],
  { imports }: Pick<GroupPlan, 'imports'>,
): readonly WantedScript[] {
  const first = [...new Set(imports.map(({ script }) => script))];
  const named = (script: string): WantedScript =>
    scripts.find((one) => one.script === script) ?? { script, callables: [] };
  return [...first.map(named), ...scripts.filter(({ script }) => !first.includes(script))];
}

function identityOf(site: Site, placement: Placement, script: string): GroupIdentity {
  const { identity, host, mount, processTemplate, applicationTemplate } = placement;
  if (identity === undefined) {
    const processGroup = site.processGroups.has(processTemplate) ? processTemplate : '';
    return { processGroup, applicationGroup: applicationTemplate, part: { kind: 'script', script } };
  }
  // Those of handlers are not parted yet.
  return identity.part === undefined ? isolationOf(site, host, { names: identity, mount, script }) : identity;
}

function dispatchHelper(script: {
  readonly value: string;
  readonly applicationGroup?: string;
}): GroupIdentity {
  const { value, applicationGroup = '' } = script;
  return { processGroup: '', applicationGroup, part: { kind: 'dispatch', script: value } };
}
