/** Whose group may connect to a Unix socket of a listener: Apache's, so that its `ProxyPass` can, without being root. */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * The numeric id of Apache's `Group` (name or `#number`). Undefined where only the sidecar's own can be had: it is not
 * root, no such group is there, or the folder has a group for all its files (the set-group-ID bit, inode(7)).
 */
export function socketGroupOf(bind: string, apacheGroup: string | undefined): number | undefined {
  if (!bind.startsWith('unix:') || apacheGroup === undefined || process.geteuid?.() !== 0) return undefined;
  const folder = statSync(dirname(bind.slice('unix:'.length)), { throwIfNoEntry: false });
  if (folder === undefined || (folder.mode & 0o2000) !== 0) return undefined;
  if (apacheGroup.startsWith('#')) return Number(apacheGroup.slice(1));
  const { status, stdout } = spawnSync('getent', ['group', '--', apacheGroup], { encoding: 'utf8' });
  const [, , id] = stdout?.split(':') ?? [];
  return status === 0 && id !== undefined ? Number(id) : undefined;
}
