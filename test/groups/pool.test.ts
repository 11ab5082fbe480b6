import { chmodSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { Lease } from '../../src/groups/lease.ts';
import { isRunning } from '../support/descendants.ts';
import { askOf, IDENTITY, IS_ROOT, Stage, type StageOptions } from './stage.ts';
import { VirtualClock } from './virtual.ts';

const HELLO = `
import os
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    if environ['PATH_INFO'] == '/die':
        os._exit(3)
    return [str(os.getpid()).encode()]
`;

let stage: Stage;

async function open(options: StageOptions = {}): Promise<Stage> {
  stage = await Stage.open(options);
  return stage;
}

afterEach(async () => {
  await stage.close();
});

describe('GroupPool.acquire()', () => {
  it('starts a process for the first request and leases it at once to the next', async () => {
    const { folder } = await open();
    const script = folder.write('hello.wsgi', HELLO);
    expect(stage.acquire()).toBeInstanceOf(Promise);
    const first = await stage.get(script);
    const second = stage.acquire();
    expect(second).toMatchObject({ kind: 'lease', queuedMs: 0 });
    expect(stage.ready()).toEqual([Number(first.text())]);
    (second as Lease).release('answered');
  });

  it('starts a further process when all threads are taken, up to the plan', async () => {
    const { folder } = await open({ settings: { threads: 1, processes: 2, queueTimeoutMs: 20_000 } });
    const script = folder.write('hello.wsgi', HELLO);
    const [first, second] = [await stage.lease(), await stage.lease()];
    expect(first.upstream.pid).not.toBe(second.upstream.pid);
    const third = stage.acquire();
    first.release('answered');
    expect(await third).toMatchObject({ kind: 'lease', upstream: { pid: first.upstream.pid } });
    expect((await askOf(second, script)).text()).toBe(String(second.upstream.pid));
  });

  it('prefers the least busy process, and the one used last among equals', async () => {
    await open({ settings: { threads: 1, processes: 2 } });
    const [first, second] = [await stage.lease(), await stage.lease()];
    second.release('answered');
    first.release('answered');
    expect((await stage.lease()).upstream.pid).toBe(first.upstream.pid);
  });

  it('refuses what the queue cannot hold, and what waited too long', async () => {
    const clock = new VirtualClock();
    await open({ settings: { threads: 1, queueLength: 1, queueTimeoutMs: 300 }, clock });
    const lease = await stage.lease();
    const waiting = stage.acquire();
    expect(await stage.refusal()).toMatchObject({ code: 'ERR_QUEUE_FULL', retryAfterSeconds: 5 });
    await clock.pass(300);
    expect(await waiting).toMatchObject({ code: 'ERR_QUEUE_TIMEOUT', retryAfterSeconds: 5 });
    lease.release('answered');
    expect((await stage.acquire()).kind).toBe('lease');
  });

  it('forgets a client that leaves while it waits', async () => {
    await open({ settings: { threads: 1 } });
    const lease = await stage.lease();
    const client = new AbortController();
    const waiting = stage.acquire(client.signal);
    client.abort();
    expect(await waiting).toMatchObject({ code: 'ERR_CLIENT_GONE' });
    expect(stage.snapshot().queue.depth).toBe(0);
    lease.release('answered');
  });

  it('keeps under the ceiling of groups, and makes room by forgetting unused ones', async () => {
    await open({ maxGroups: 1 });
    await stage.lease();
    const other = { ...IDENTITY, applicationGroup: 'minted' };
    expect(await stage.acquire(undefined, other)).toMatchObject({ code: 'ERR_GROUP_LIMIT' });
  });

  it('counts a lease that is released twice once', async () => {
    await open();
    const lease = await stage.lease();
    lease.release('answered');
    lease.release('answered');
    expect(stage.snapshot().processes).toMatchObject([{ inFlight: 0, served: 1 }]);
  });
});

describe('GroupPool after a crash', () => {
  it('starts again with the scripts that were imported, and lets requests wait for it', async () => {
    const { folder } = await open();
    const script = folder.write('hello.wsgi', HELLO);
    const before = Number((await stage.get(script)).text());
    await expect.poll(() => stage.snapshot().imported).toEqual([script]);
    const lease = await stage.lease();
    await expect(askOf(lease, script, '/die')).rejects.toThrow();
    await aborted(lease.upstream.closed);
    lease.release('failed');
    const after = await stage.lease();
    expect(after.upstream.pid).not.toBe(before);
    expect(stage.snapshot().imported).toEqual([script]);
    expect(stage.snapshot().lastFailure?.message).toContain('ended with status 3');
    expect(stage.events).toContain('exit:crash');
    expect(stage.events).toContain('start:crash');
    expect(stage.events).not.toContain('backing_off');
  });

  it('waits before it starts again when that happens in a row', async () => {
    await open();
    for (let round = 0; round < 2; round++) {
      const { upstream } = await stage.lease();
      process.kill(upstream.pid, 'SIGKILL');
      await aborted(upstream.closed);
    }
    const waiting = stage.acquire();
    expect(stage.snapshot()).toMatchObject({ state: 'backing_off', queue: { depth: 1 } });
    expect((await waiting).kind).toBe('lease');
    expect(stage.events.filter((event) => event === 'exit:signal')).toHaveLength(2);
  });

  it('replaces a process whose socket somebody has removed', async () => {
    const { folder } = await open();
    const script = folder.write('hello.wsgi', HELLO);
    const lease = await stage.lease();
    rmSync(lease.upstream.socketPath);
    await expect(askOf(lease, script)).rejects.toThrow();
    lease.release('failed');
    await aborted(lease.upstream.closed);
    expect((await stage.get(script)).status).toBe(200);
    expect(stage.snapshot().lastFailure?.message).toContain('is gone');
  });

  it('ends what the applications of the process have started', async () => {
    const { folder } = await open();
    const script = folder.write(
      'child.wsgi',
      `
import subprocess
def application(environ, start_response):
    start_response('200 OK', [])
    return [str(subprocess.Popen(['sleep', '1000']).pid).encode()]
`,
    );
    const child = Number((await stage.get(script)).text());
    const { upstream } = await stage.lease();
    process.kill(upstream.pid, 'SIGKILL');
    await aborted(upstream.closed);
    await gone(child);
  });
});

describe('GroupPool when a start fails', () => {
  it('names a Python that is not there, and refuses at once while it backs off', async () => {
    await open({ settings: { python: '/nowhere/python3' } });
    expect(await stage.refusal()).toMatchObject({
      code: 'ERR_GROUP_START_FAILED',
      message: expect.stringContaining('Cannot run Python "/nowhere/python3": there is no such program'),
    });
    expect(await stage.acquire()).toMatchObject({ code: 'ERR_GROUP_BACKING_OFF', retryAfterSeconds: 1 });
    expect(stage.snapshot()).toMatchObject({ state: 'backing_off', processes: [] });
  });

  it('keeps the journey of a start that ended with a word on standard error', async () => {
    const { folder } = await open();
    const python = folder.write('python', '#!/bin/sh\necho "no license" >&2\nexit 7\n');
    stage.settings = { python: `${folder.path}/run-it` };
    folder.write('run-it', `#!/bin/sh\nexec /bin/sh ${python}\n`);
    chmodSync(`${folder.path}/run-it`, 0o755);
    const refusal = await stage.refusal();
    expect(refusal.message).toContain('with status 7');
    expect(refusal.message).toContain('"no license"');
    expect(stage.snapshot().lastFailure?.journey).toMatchObject({
      output: ['no license'],
      steps: [{ step: 'spawn' }],
    });
  });

  it('tells the step in which a start was late, and leaves no process', async () => {
    const { folder } = await open({ settings: { startTimeoutMs: 1_500 } });
    folder.write('sitecustomize.py', 'import time\ntime.sleep(100)\n');
    stage.settings = { startTimeoutMs: 1_500, environment: { PYTHONPATH: folder.path } };
    const refusal = await stage.refusal();
    expect(refusal.message).toContain('Not ready after 1.5 s, in step "spawn"');
    await expect.poll(() => stage.snapshot().processes).toEqual([]);
  });

  it('lets a start take as long as anybody may say', async () => {
    await open({ settings: { startTimeoutMs: 90 * 86_400_000 } });
    expect((await stage.lease()).kind).toBe('lease');
  });

  it.runIf(IS_ROOT)('names a user that is not there', async () => {
    await open({ context: { apache: { user: 'nobody-of-that-name' } } });
    const { message } = await stage.refusal();
    expect(message).toContain('No user "nobody-of-that-name" on this machine');
    expect(stage.snapshot().lastFailure).toMatchObject({ step: 'identity' });
  });

  it.runIf(IS_ROOT)('refuses to run applications as root', async () => {
    await open({ context: { apache: {} } });
    expect((await stage.refusal()).message).toContain('Refusing to run applications as root');
  });

  it('tries again at once when it is told to', async () => {
    const { folder } = await open({ settings: { python: '/nowhere/python3' } });
    await stage.refusal();
    stage.settings = {};
    expect(await stage.pool.restart(stage.snapshot().id)).toEqual({ kind: 'restarted' });
    expect((await stage.get(folder.write('hello.wsgi', HELLO))).status).toBe(200);
  });

  it('tells of a script that fails by the name that its file has', async () => {
    const file = (await open()).folder.write('käse.wsgi', 'raise RuntimeError("no database")\n');
    await stage.get(Buffer.from(file, 'utf8').toString('latin1'));
    // Told on a way of its own, which the answer may overtake.
    await expect
      .poll(() => stage.log)
      .toContainEqual({
        level: 'error',
        fields: expect.objectContaining({ event: 'import-failed', script: file }),
        message: `Cannot import "${file}": RuntimeError: no database`,
      });
  });

  it('serves the other scripts of a group one of whose imports fails', async () => {
    const folder = (await open()).folder;
    const broken = folder.write('broken.wsgi', 'raise RuntimeError("no database")\n');
    const script = folder.write('hello.wsgi', HELLO);
    await stage.close();
    const imports = [broken, script].map((name) => ({ script: name, callableObject: 'application' }));
    folder.write('broken.wsgi', 'raise RuntimeError("no database")\n');
    folder.write('hello.wsgi', HELLO);
    await open({ context: { imports } });
    expect((await stage.get(script)).status).toBe(200);
    expect((await stage.get(broken)).status).toBe(500);
    const { failedScripts, imported, state } = stage.snapshot();
    expect(state).toBe('ready');
    expect(imported).toEqual([script]);
    expect(failedScripts).toMatchObject([
      { script: broken, traceback: expect.stringContaining('no database') },
    ]);
    folder.remove();
  });
});

describe('GroupPool.restart()', () => {
  it('starts a new process, lets the old one finish, and loses nothing', async () => {
    const { folder } = await open();
    const script = folder.write('hello.wsgi', HELLO);
    await stage.get(script);
    const held = await stage.lease();
    expect(await stage.pool.restart(stage.snapshot().id)).toEqual({ kind: 'restarted' });
    const states = stage.snapshot().processes.map(({ pid, state }) => [pid === held.upstream.pid, state]);
    expect(states).toEqual([
      [true, 'draining'],
      [false, 'ready'],
    ]);
    expect((await askOf(held, script)).text()).toBe(String(held.upstream.pid));
    held.release('answered');
    await aborted(held.upstream.closed);
    expect((await stage.get(script)).text()).toBe(String(stage.ready()[0]));
    expect(stage.events).toContain('exit:deploy');
  });

  it('keeps the old process when the new one cannot import what the old one has', async () => {
    const { folder } = await open();
    const script = folder.write('hello.wsgi', HELLO);
    const before = (await stage.get(script)).text();
    await expect.poll(() => stage.snapshot().imported).toEqual([script]);
    folder.write('hello.wsgi', 'import nothing_of_that_name\n');
    const result = await stage.pool.restart(stage.snapshot().id);
    expect(result).toMatchObject({ kind: 'kept', failure: { step: 'import' } });
    expect(stage.ready()).toEqual([Number(before)]);
    expect(stage.snapshot().lastFailure?.traceback).toContain('nothing_of_that_name');
  });

  it('keeps the old process when the new one does not start', async () => {
    await open();
    const { upstream } = await stage.lease();
    stage.settings = { python: '/nowhere/python3' };
    expect(await stage.pool.restart(stage.snapshot().id)).toMatchObject({ kind: 'kept' });
    expect(stage.ready()).toEqual([upstream.pid]);
    expect(stage.snapshot().state).toBe('ready');
  });

  it('replaces a process of daemon mode whose script has changed', async () => {
    const name = 'shop';
    const options = new Map<string, string>();
    const position = { file: 'a.conf', line: 1 };
    await open({ context: { processGroup: { name, position, threads: 2, pythonPath: [], options } } });
    const script = stage.folder.write('hello.wsgi', HELLO);
    const before = (await stage.get(script)).text();
    stage.folder.write('hello.wsgi', HELLO.replace('str(os.getpid())', '"new"'));
    utimesSync(script, 1, 1);
    await expect.poll(async () => (await stage.get(script)).text()).toBe('new');
    expect(stage.ready()).not.toContain(Number(before));
    await expect.poll(() => stage.events).toContain('exit:deploy');
  });

  it('knows no group of another id', async () => {
    await open();
    expect(await stage.pool.restart('ffffffffffff')).toBeUndefined();
  });
});

describe('GroupPool.stop()', () => {
  it('lets requests in flight finish, refuses new ones, and leaves neither process nor socket', async () => {
    const { folder } = await open();
    const script = folder.write('hello.wsgi', HELLO);
    const held = await stage.lease();
    const stopping = stage.pool.stop();
    expect(await stage.acquire()).toMatchObject({ code: 'ERR_DRAINING' });
    expect((await askOf(held, script)).status).toBe(200);
    held.release('answered');
    await stopping;
    expect(isRunning(held.upstream.pid)).toBe(false);
    await expect.poll(() => readdirSync(stage.runtimeDir)).toEqual([]);
    expect(stage.events.slice(-2)).toEqual(['exit:shutdown', 'idle']);
  });

  it('serves who was waiting when it was called', async () => {
    await open({ settings: { threads: 1 } });
    const held = await stage.lease();
    const waiting = stage.acquire();
    const stopping = stage.pool.stop();
    held.release('answered');
    const late = await waiting;
    expect(late.kind).toBe('lease');
    (late as Lease).release('answered');
    await stopping;
  });

  it('ends a process that cannot answer any more', async () => {
    await open({ settings: { drainTimeoutMs: 100, shutdownTimeoutMs: 100 } });
    const { upstream } = await stage.lease();
    process.kill(upstream.pid, 'SIGSTOP');
    await stage.pool.stop();
    expect(isRunning(upstream.pid)).toBe(false);
  });

  it('ends a process that is still starting', async () => {
    const { folder } = await open();
    folder.write('sitecustomize.py', 'import time\ntime.sleep(100)\n');
    stage.settings = {
      environment: { PYTHONPATH: folder.path },
      drainTimeoutMs: 100,
      shutdownTimeoutMs: 100,
    };
    const waiting = stage.acquire();
    await stage.pool.stop();
    expect(await waiting).toMatchObject({ code: 'ERR_DRAINING' });
    expect(stage.events).toContain('exit:shutdown');
    expect(stage.snapshot().lastFailure).toBeUndefined();
  });
});

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function gone(pid: number): Promise<void> {
  await expect.poll(() => isRunning(pid)).toBe(false);
}
