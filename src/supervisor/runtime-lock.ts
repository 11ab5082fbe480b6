/**
 * One sidecar, one runtime folder: two would remove each other's sockets at the next start, and an operator would not know
 * which one answers. A lock is a file that names its holder by pid and start time, so that one of a sidecar that was killed,
 * whose pid another program may have by now, is nobody's. Locks are numbered and made by link(2), which never replaces: to
 * remove a stale one first would be to remove, once in a while, that of somebody who was faster.
 */
import { randomBytes } from 'node:crypto';
import { link, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SidecarError } from '../errors.ts';

export type RuntimeLock = {
  /** Leaves the folder to the next. */
  release(): Promise<void>;
};

export type LockOptions = {
  /** Pids of the sidecars that this one succeeds, and that may not have ended yet: all hold the folder until they do. */
  readonly successorOf?: readonly number[];
};

type Held = { readonly path: string; readonly number: number; readonly holder: number | undefined };

/** Takes the folder; rejects with ERR_RUNTIME_DIR that names the sidecar that has it. */
export async function lockRuntimeDir(
  folder: string,
  { successorOf = [] }: LockOptions = {},
): Promise<RuntimeLock> {
  const draft = join(folder, `draft-${process.pid}-${randomBytes(4).toString('hex')}`);
  await writeFile(draft, await nameOfHolder(process.pid), { mode: 0o600 });
  try {
    const path = await take(folder, draft, successorOf);
    return { release: () => rm(path, { force: true }) };
  } finally {
    await rm(draft, { force: true });
  }
}

/** Rejects as `lockRuntimeDir` would where another sidecar has the folder; takes nothing. */
export async function refuseSecond(folder: string): Promise<void> {
  const held = await locksIn(folder).catch(() => []);
  const other = held.find(({ holder }) => holder !== undefined && holder !== process.pid);
  if (other?.holder !== undefined) throw isTaken(folder, other.holder);
}

async function take(folder: string, draft: string, successorOf: readonly number[]): Promise<string> {
  const refuseOther = (locks: readonly Held[], mine?: string): void => {
    const other = locks.find(
      ({ holder, path }) => holder !== undefined && !successorOf.includes(holder) && path !== mine,
    );
    if (other?.holder !== undefined) throw isTaken(folder, other.holder);
  };
  for (;;) {
    const before = await locksIn(folder);
    refuseOther(before);
    const mine = join(folder, `lock-${Math.max(0, ...before.map(({ number }) => number)) + 1}`);
    if (!(await linkTo(draft, mine))) continue;
    const now = await locksIn(folder);
    try {
      // Somebody may have come and gone and another one come since the first look, under a lower number.
      refuseOther(now, mine);
    } catch (error) {
      await rm(mine, { force: true });
      throw error;
    }
    for (const { path, holder } of now) if (holder === undefined) await rm(path, { force: true });
    return mine;
  }
}

async function locksIn(folder: string): Promise<readonly Held[]> {
  const names = (await readdir(folder)).filter((name) => /^lock-\d+$/.test(name));
  return await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      return { path, number: Number(name.slice('lock-'.length)), holder: await livingHolder(path) };
    }),
  );
}

/** False when the name is taken already. */
async function linkTo(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function isTaken(folder: string, pid: number): SidecarError {
  const message = `Runtime folder "${folder}" is that of the sidecar with pid ${pid}: stop that one, or set "runtimeDir" to another folder`;
  return new SidecarError('ERR_RUNTIME_DIR', message);
}

/** The pid in a lock, where that process still runs. */
async function livingHolder(path: string): Promise<number | undefined> {
  const text = await readText(path);
  const pid = Number(text?.split(' ')[0]);
  if (!Number.isInteger(pid) || pid < 1) return undefined;
  return (await nameOfHolder(pid)) === text ? pid : undefined;
}

/** Pid and start time, the 22nd field of /proc/PID/stat, counted behind the name, which may hold anything (proc(5)). */
async function nameOfHolder(pid: number): Promise<string> {
  const stat = await readText(`/proc/${pid}/stat`);
  const started = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? 'gone';
  return `${pid} ${started}\n`;
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}
