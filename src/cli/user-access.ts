/** What another user may read, by the permissions of a file and its folders; lists of access control (ACL) are not looked at. */
import { spawnSync } from 'node:child_process';
import { realpathSync, type Stats, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** Ids as the system's name service has them. */
export type UserIds = {
  readonly uid: number;
  /** Of the user's own group. */
  readonly gid: number;
  readonly gids: ReadonlySet<number>;
};

/** What is wanted of a file. */
export type Wanted = 'read' | 'execute';

/** The ids of a user by name or `#number`; undefined where there is none. */
export function idsOf(user: string): UserIds | undefined {
  const ask = (flag: string): readonly number[] => {
    const { status, stdout } = spawnSync('id', [flag, '--', user.replace(/^#/, '')], { encoding: 'utf8' });
    return status === 0 ? stdout.trim().split(/\s+/).map(Number) : [];
  };
  const [uid] = ask('-u');
  const [gid] = ask('-g');
  return uid === undefined || gid === undefined ? undefined : { uid, gid, gids: new Set(ask('-G')) };
}

/** Why a user may not have a file, or undefined where nothing stands against it or the file is not there. */
export function refusalOf(ids: UserIds, path: string, wanted: Wanted): string | undefined {
  if (ids.uid === 0) return undefined;
  try {
    const real = realpathSync(path);
    const closed = [path, real].flatMap(foldersOf).find((folder) => !permits(ids, statSync(folder), 1));
    if (closed !== undefined) return `folder "${closed}" is closed to it`;
    return permits(ids, statSync(real), wanted === 'read' ? 4 : 1) ? undefined : 'the file is closed to it';
  } catch {
    return undefined;
  }
}

/** The program that a name means to a user who looks in `searchPath`; undefined where there is none. */
export function findProgram(name: string, searchPath: string, ids: UserIds | undefined): string | undefined {
  const folders = searchPath.split(delimiter).filter((folder) => folder !== '');
  const paths = name.includes('/') ? [name] : folders.map((folder) => join(folder, name));
  const found = paths.filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
  return found.find((path) => ids === undefined || refusalOf(ids, path, 'execute') === undefined) ?? found[0];
}

function foldersOf(path: string): readonly string[] {
  const folder = dirname(path);
  return folder === path ? [folder] : [...foldersOf(folder), folder];
}

/** The class of permissions that counts is the first that fits: owner, group, others. `bit`: 4 read, 1 search or execute. */
function permits({ uid, gids }: UserIds, { mode, uid: owner, gid }: Stats, bit: number): boolean {
  const shift = uid === owner ? 6 : gids.has(gid) ? 3 : 0;
  return ((mode >> shift) & bit) !== 0;
}
