/** Mounts whose process group is not there or not theirs, and imports for which no mount is. Byte strings. */
import type { Diagnostic } from '../apache/diagnostic.ts';
import { declaredIdentity, reachableHosts } from '../routing/declared-groups.ts';
import { shutMounts } from '../routing/process-group-access.ts';
import type { Site } from '../site/model.ts';

/** One finding for each such mount and reason: Apache starts with them, too. */
export function judgeMounts(site: Site): readonly Diagnostic[] {
  return shutMounts(site).map(({ mount: { mountPoint, position }, problem }) => ({
    severity: 'warning',
    id: 'process-group-closed',
    position,
    directive: 'WSGIScriptAlias',
    message: `Requests of "${mountPoint}" get 500, as under Apache: ${problem}`,
    advice: 'Name another process group for it, or define or allow this one',
  }));
}

/** Imports for the main interpreter of a process group in which no mount runs: their script is never wanted there. */
export function judgeImports(site: Site): readonly Diagnostic[] {
  const { mounts, imports } = site;
  if (mounts.some(({ kind }) => kind !== 'alias' && kind !== 'alias-match')) return [];
  const used = mainInterpreters(site);
  if (used === undefined) return [];
  return imports
    .filter(({ processGroup, applicationGroup }) => applicationGroup === '' && !used.has(processGroup))
    .map(({ script, processGroup, position }) => ({
      severity: 'warning',
      id: 'import-script-unused',
      position,
      directive: 'WSGIImportScript',
      message: `No request runs in "%{GLOBAL}" of process group "${processGroup === '' ? '%{GLOBAL}' : processGroup}": "${script}" is not imported there`,
      advice:
        'Put "WSGIApplicationGroup %{GLOBAL}" beside the mounts of this process group, or name in "application-group" the group that "wsgi-sidecar groups" shows',
    }));
}

/** The process groups in whose main interpreter a mount runs; undefined where only requests tell. */
function mainInterpreters(site: Site): ReadonlySet<string> | undefined {
  const used = new Set<string>();
  for (const host of reachableHosts(site)) {
    for (const alias of host.scriptAliases.entries) {
      const identity = declaredIdentity(site, host, alias);
      if (identity === undefined) return undefined;
      if (identity.applicationGroup === '') used.add(identity.processGroup);
    }
  }
  return used;
}
