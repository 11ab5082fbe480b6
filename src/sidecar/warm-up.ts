/** Has the groups of the old sidecar ready in the new one before its doors open: none of their requests finds a cold group. */
import { existsSync } from 'node:fs';
import { fromBytes } from '../apache/bytes.ts';
import { SidecarError } from '../errors.ts';
import type { GroupPool } from '../groups/pool.ts';
import type { GroupSnapshot } from '../groups/snapshot.ts';
import { displayName, groupKey } from '../routing/group-key.ts';
import type { AskedGroups } from '../supervisor/asked-groups.ts';
import type { InheritedGroup } from '../supervisor/inheritance.ts';
import type { InForce } from './configuration.ts';

/** Tells which groups the configuration still has: those that it declares, and those that their request would make again. */
export function stillWanted(
  { declared, site }: InForce,
  asked: AskedGroups,
): (group: InheritedGroup) => boolean {
  const keys = new Set(declared.map(({ key }) => key));
  return ({ identity, request }) => {
    const key = groupKey(identity);
    if (request !== undefined) asked.adopt(key, request);
    return keys.has(key) || asked.isMadeBy(site, identity, key);
  };
}

/**
 * Starts what the configuration still has. Rejects with ERR_UPGRADE when a group does not become ready with the scripts that
 * the old sidecar serves: that one goes on then.
 */
export async function warmUp(
  inherited: readonly InheritedGroup[],
  isWanted: (group: InheritedGroup) => boolean,
  pool: GroupPool,
): Promise<void> {
  const wanted = inherited
    .filter(isWanted)
    // A script that is gone is no fault of the new sidecar; latin1 because byte strings name files.
    .map((group) => ({
      ...group,
      imported: group.imported.filter((script) => existsSync(Buffer.from(script, 'latin1'))),
    }));
  await Promise.all(wanted.map(({ identity, imported }) => pool.preload(identity, imported)));
  const snapshots = new Map(pool.snapshot().map((snapshot) => [snapshot.id, snapshot]));
  const problems = wanted.flatMap((group) => problemOf(group, snapshots.get(group.id)) ?? []);
  if (problems.length > 0) throw new SidecarError('ERR_UPGRADE', problems.join('\n'));
}

function problemOf(
  { identity, imported }: InheritedGroup,
  now: GroupSnapshot | undefined,
): string | undefined {
  const broken = now?.failedScripts.find(({ script }) => imported.includes(script));
  const name = displayName(fromBytes(identity.applicationGroup));
  const group = `Group "${name}" of process group "${displayName(fromBytes(identity.processGroup))}"`;
  if (broken !== undefined)
    return `${group} serves "${fromBytes(broken.script)}" now, and a new process cannot import it: ${broken.message}`;
  if (now?.state === 'ready') return undefined;
  return `${group} does not become ready in the new sidecar: ${now?.lastFailure?.message ?? 'it was not started'}`;
}
