import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Guard } from '../../src/groups/guard.ts';
import { isRunning } from '../support/descendants.ts';
import { PYTHON, PYTHON_FOLDER } from './stage.ts';
import { SILENT } from './virtual.ts';

const children: ChildProcess[] = [];
let guard: Guard;

afterEach(async () => {
  await guard.stop();
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function startSleeper(): { readonly pid: number; readonly exited: Promise<unknown> } {
  const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
  children.push(child);
  return { pid: child.pid ?? 0, exited: once(child, 'exit') };
}

describe('Guard', () => {
  it('kills what is on its list when it is let go, and nothing else', async () => {
    guard = await Guard.start({ python: PYTHON, pythonFolder: PYTHON_FOLDER, log: SILENT });
    const [listed, struck, unknown] = [startSleeper(), startSleeper(), startSleeper()];
    guard.register(listed.pid);
    guard.register(struck.pid);
    guard.unregister(struck.pid);
    await guard.stop();
    expect(await listed.exited).toEqual([null, 'SIGKILL']);
    expect([struck.pid, unknown.pid].filter(isRunning)).toEqual([struck.pid, unknown.pid]);
  });

  it('is replaced when it dies, and the new one knows the list', async () => {
    guard = await Guard.start({ python: PYTHON, pythonFolder: PYTHON_FOLDER, log: SILENT });
    const sleeper = startSleeper();
    guard.register(sleeper.pid);
    const first = guard.pid ?? 0;
    process.kill(first, 'SIGKILL');
    await expect.poll(() => guard.pid).not.toBe(first);
    expect(isRunning(sleeper.pid), 'a dead guard takes nobody along').toBe(true);
    await guard.stop();
    expect(await sleeper.exited).toEqual([null, 'SIGKILL']);
  });

  it('stands in a session of its own', async () => {
    guard = await Guard.start({ python: PYTHON, pythonFolder: PYTHON_FOLDER, log: SILENT });
    const fields = readFileSync(`/proc/${guard.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    expect(Number(fields[3]), 'session').toBe(guard.pid);
  });

  it('has nothing of the sidecar’s environment that group processes have not', async () => {
    vi.stubEnv('WSGI_SIDECAR_ADMIN_TOKEN', 'secret');
    onTestFinished(() => void vi.unstubAllEnvs());
    guard = await Guard.start({ python: PYTHON, pythonFolder: PYTHON_FOLDER, log: SILENT });
    const names = readFileSync(`/proc/${guard.pid}/environ`, 'latin1').split('\0');
    expect(names.filter((entry) => !/^(?:PATH|LANG|LANGUAGE|LC_[A-Z]+|TZ)=|^$/.test(entry))).toEqual([]);
  });

  it('names a Python that is not there', async () => {
    guard = await Guard.start({ python: PYTHON, pythonFolder: PYTHON_FOLDER, log: SILENT });
    const start = Guard.start({ python: '/nowhere/python3', pythonFolder: PYTHON_FOLDER, log: SILENT });
    await expect(start).rejects.toThrow(
      'Cannot start the guard process with Python "/nowhere/python3": no such file or directory',
    );
  });
});
