import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockRuntimeDir } from '../../src/supervisor/runtime-lock.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

let folder: TemporaryFolder;
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = makeTemporaryFolder();
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  folder.remove();
});

/** A process that could hold a lock, and the lock in its name. */
async function otherHolder(): Promise<{ readonly pid: number; readonly lock: string }> {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  children.push(child);
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return { pid, lock: `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}\n` };
}

describe('lockRuntimeDir()', () => {
  it('refuses the folder of a sidecar that runs, and names it', async () => {
    const { pid, lock } = await otherHolder();
    folder.write('lock-1', lock);
    await expect(lockRuntimeDir(folder.path)).rejects.toMatchObject({
      code: 'ERR_RUNTIME_DIR',
      message: expect.stringContaining(`pid ${pid}`),
    });
    expect(readdirSync(folder.path)).toEqual(['lock-1']);
  });

  it('takes the folder of a sidecar that is gone, though another program has its pid', async () => {
    const { pid } = await otherHolder();
    folder.write('lock-1', `${pid} 1\n`);
    const held = await lockRuntimeDir(folder.path);
    await held.release();
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it.each(['', 'nonsense', '0 0\n', '-1 5\n'])('takes no harm from a lock that says %j', async (text) => {
    folder.write('lock-1', text);
    await (await lockRuntimeDir(folder.path)).release();
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it('is shared with the sidecar that it succeeds, and with no other', async () => {
    const { pid, lock } = await otherHolder();
    folder.write('lock-1', lock);
    await expect(lockRuntimeDir(folder.path, { successorOf: [pid + 1] })).rejects.toThrow(`pid ${pid}`);
    const held = await lockRuntimeDir(folder.path, { successorOf: [pid] });
    expect(readdirSync(folder.path).sort()).toEqual(['lock-1', 'lock-2']);
    await held.release();
    expect(readFileSync(join(folder.path, 'lock-1'), 'utf8')).toBe(lock);
  });

  it('is refused where somebody holds it under a lower number', async () => {
    const { pid, lock } = await otherHolder();
    folder.write('lock-1', lock);
    folder.write('lock-7', '999999999 1\n');
    await expect(lockRuntimeDir(folder.path)).rejects.toThrow(`pid ${pid}`);
  });

  it('is held by one of many who want a stale one at once', async () => {
    folder.write('lock-1', '999999999 1\n');
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockRuntimeDir(folder.path)));
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(readdirSync(folder.path)).toEqual(['lock-2']);
  });
});
