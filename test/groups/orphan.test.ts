import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import { builtProgram } from '../support/build.ts';
import { descendantsOf, isRunning } from '../support/descendants.ts';
import { type RealProcess, startProcess } from '../support/real-process.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { PYTHON_FOLDER } from './stage.ts';

/** Every process has a child of its own, which a dead worker would leave behind. */
const HAS_CHILD = `
import subprocess
subprocess.Popen(['sleep', '1000'])
def application(environ, start_response):
    return []
`;

/** One in a session of its own, which the end of the process group does not reach. */
const HAS_STRAY = HAS_CHILD.replace("'1000']", "'1000'], start_new_session=True");

/** On a word, a call that holds the interpreter lock: neither signals nor the end of its lifeline are looked at. */
const IN_C_CALL = `
import ctypes, os, threading, time
folder = os.path.dirname(__file__)
def block():
    while not os.path.exists(folder + '/go'):
        time.sleep(0.01)
    open(folder + '/blocked-%d' % os.getpid(), 'w').close()
    ctypes.PyDLL(None).sleep(1000)
thread = threading.Thread(target=block)
thread.daemon = True
thread.start()
def application(environ, start_response):
    return []
`;

let folder: TemporaryFolder;
let parent: RealProcess;

beforeEach(() => {
  folder = makeTemporaryFolder('orphan-');
});

afterEach(async () => {
  await parent.kill();
  folder.remove();
});

type Family = { readonly guard: number; readonly pids: readonly [number, number, number] };

async function startFamily(source: string): Promise<Family> {
  const compiled = join(await builtProgram(), '..');
  const script = folder.write('app.wsgi', source);
  const fixture = join(packageRoot(), 'test/fixtures/parent/group-parent.mjs');
  parent = startProcess(process.execPath, [
    fixture,
    compiled,
    PYTHON_FOLDER,
    join(folder.path, 'run'),
    script,
  ]);
  return JSON.parse(await parent.waitForLine((line) => line.startsWith('{'), 'it had groups')) as Family;
}

/** Resolves when all are gone. */
async function allGone(pids: readonly number[]): Promise<void> {
  await expect.poll(() => pids.filter(isRunning)).toEqual([]);
}

describe('guard.py', () => {
  it('leaves no process behind when the sidecar is killed, frozen ones included', async () => {
    const { guard, pids } = await startFamily(HAS_CHILD);
    const children = pids.flatMap((pid) => descendantsOf(pid).map((child) => child.pid));
    expect(children).toHaveLength(3);
    process.kill(pids[0], 'SIGSTOP');
    process.kill(parent.pid, 'SIGKILL');
    await allGone([...pids, ...children, guard]);
  });

  it('finds who has left the process group but not its output', async () => {
    const { guard, pids } = await startFamily(HAS_STRAY);
    const children = pids.flatMap((pid) => descendantsOf(pid).map((child) => child.pid));
    expect(children).toHaveLength(3);
    process.kill(parent.pid, 'SIGKILL');
    await allGone([...pids, ...children, guard]);
  });

  it('reaches a worker that holds the interpreter lock in a C call', async () => {
    const { guard, pids } = await startFamily(IN_C_CALL);
    folder.write('go', '');
    const isBlocked = (pid: number): boolean => existsSync(join(folder.path, `blocked-${pid}`));
    await expect.poll(() => pids.every(isBlocked)).toBe(true);
    process.kill(parent.pid, 'SIGKILL');
    await allGone([...pids, guard]);
  });

  it('does not go when it is asked to', async () => {
    const { guard, pids } = await startFamily(HAS_CHILD);
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.kill(guard, signal);
    process.kill(parent.pid, 'SIGKILL');
    await allGone([...pids, guard]);
  });
});
