import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readdirSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { Lease } from '../../src/groups/lease.ts';
import { isRunning } from '../support/descendants.ts';
import { askOf, IDENTITY, Stage, type StageOptions } from './stage.ts';

const APP = `
import os, subprocess, sys, time
held = []
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    path = environ['PATH_INFO']
    if path == '/grow':
        held.append(bytearray(60 * 1024 * 1024))
    if path == '/child-grows':
        subprocess.Popen([sys.executable, '-c', 'import time; held = bytearray(60 << 20); time.sleep(1000)'])
    if path == '/hang':
        time.sleep(1000)
    if path == '/stray':
        child = subprocess.Popen(['sleep', '1000'], start_new_session=True)
        return [str(child.pid).encode()]
    if path == '/die':
        os._exit(3)
    return [str(os.getpid()).encode()]
`;

let stage: Stage;

async function open(options: StageOptions = {}): Promise<string> {
  stage = await Stage.open(options);
  return stage.folder.write('app.wsgi', APP);
}

afterEach(async () => {
  await stage.close();
});

/** A request under way, whose answer may never come. */
async function begin(script: string, path: string): Promise<{ lease: Lease; answer: Promise<unknown> }> {
  const lease = await stage.lease();
  const answer = askOf(lease, script, path).then(
    ({ status }) => status,
    () => 'broken off',
  );
  return { lease, answer };
}

function message(): string | undefined {
  return stage.snapshot().lastFailure?.message;
}

describe('a process that is recycled', () => {
  it('has a successor before it goes, so that every request is answered', async () => {
    const script = await open({ settings: { maximumRequests: 5, maximumRequestsJitter: 5, threads: 2 } });
    const pids = new Set<string>();
    const ask = async (): Promise<void> => {
      const { status, text } = await stage.get(script).then((answer) => ({ ...answer, text: answer.text() }));
      expect(status).toBe(200);
      pids.add(text);
    };
    const ended = (): number => stage.events.filter((event) => event === 'exit:maximum_requests').length;
    while (ended() < 3) await Promise.all([ask(), ask()]);
    expect(pids.size).toBeGreaterThan(3);
    expect(stage.events).not.toContain('backing_off');
  });

  it.each(['/grow', '/child-grows'])('is one that has grown too big by %s', async (path) => {
    const script = await open({ settings: { maxMemoryBytes: 64 * 1024 * 1024 } });
    const before = (await stage.get(script)).text();
    await stage.get(script, path);
    await expect.poll(() => stage.events).toContain('max_memory:ready');
    expect((await stage.get(script)).text()).not.toBe(before);
    await expect.poll(() => isRunning(Number(before))).toBe(false);
  });
});

describe('a process that hangs', () => {
  it('is replaced, and its requests are told why', async () => {
    const script = await open({ settings: { requestTimeoutMs: 400, threads: 1, shutdownTimeoutMs: 100 } });
    await stage.get(script);
    const { lease, answer } = await begin(script, '/hang');
    const next = stage.lease();
    expect(await answer).toBe('broken off');
    expect(lease.whyEnded?.()).toMatchObject({ code: 'ERR_UPSTREAM_TIMEOUT' });
    expect((await next).upstream.pid).not.toBe(lease.upstream.pid);
    expect(stage.events).toContain('request_timeout:ready');
    expect(message()).toContain('does not answer in time (request_timeout)');
  });
});

describe('a process that is stopped by SIGSTOP', () => {
  it('is killed when it has requests, which may be tried elsewhere', async () => {
    const script = await open({ settings: { frozenTimeoutMs: 300 } });
    await stage.get(script);
    const { lease, answer } = await begin(script, '/hang');
    process.kill(lease.upstream.pid, 'SIGSTOP');
    expect(await answer).toBe('broken off');
    expect(lease.whyEnded?.()).toBeUndefined();
    lease.release('failed');
    expect((await stage.get(script)).status).toBe(200);
    expect(stage.events).toContain('exit:frozen');
    expect(isRunning(lease.upstream.pid)).toBe(false);
  });
});

describe('a group that nobody asks for', () => {
  it('stops, and comes back for the next request', async () => {
    const script = await open({ settings: { inactivityTimeoutMs: 300 } });
    const before = Number((await stage.get(script)).text());
    await expect.poll(() => stage.events).toContain('exit:inactivity');
    expect(stage.snapshot()).toMatchObject({ state: 'idle', processes: [] });
    expect(isRunning(before)).toBe(false);
    expect((await stage.get(script)).status).toBe(200);
  });
});

describe('a process that crashes', () => {
  it('says how many requests it took along', async () => {
    const script = await open();
    await stage.get(script);
    const hanging = await begin(script, '/hang');
    const dying = await begin(script, '/die');
    // As the proxy does, which may well hear of the end first.
    for (const { lease, answer } of [hanging, dying]) void answer.then(() => lease.release('failed'));
    await Promise.all([hanging.answer, dying.answer]);
    await expect.poll(message).toMatch(/ended with status 3 after 1 requests, with 2 in flight$/);
  });

  it('takes along what its applications have started in sessions of their own', async () => {
    const script = await open();
    const stray = Number((await stage.get(script, '/stray')).text());
    expect(isRunning(stray)).toBe(true);
    await (await begin(script, '/die')).answer;
    await expect.poll(() => isRunning(stray)).toBe(false);
  });
});

describe('a system that lets no process start', () => {
  it('for want of descriptors costs a refusal with the reason, and serves again when there are some', async () => {
    const script = await open();
    const limits = spawnSync('prlimit', [
      '--pid',
      `${process.pid}`,
      '--nofile',
      '--raw',
      '--noheadings',
      '-o',
      'SOFT',
    ])
      .stdout.toString()
      .trim();
    const taken: number[] = [];
    let refusal: unknown;
    limitDescriptors(String(readdirSync('/proc/self/fd').length + 12));
    try {
      takeAll(taken);
      refusal = await stage.refusal();
    } finally {
      for (const descriptor of taken) closeSync(descriptor);
      limitDescriptors(limits);
    }
    expect(refusal).toMatchObject({
      code: 'ERR_GROUP_START_FAILED',
      message: expect.stringMatching(/: too many open files: raise .*"ulimit -n"/),
    });
    await expect.poll(async () => (await stage.acquire()).kind, { interval: 100 }).toBe('lease');
    expect(script).toBeDefined();
  });

  it('because of what it is to be told costs a refusal with the reason', async () => {
    await open({ settings: { environment: { MUCH: 'x'.repeat(200_000) } } });
    expect(await stage.refusal()).toMatchObject({
      code: 'ERR_GROUP_START_FAILED',
      message: expect.stringContaining('E2BIG'),
    });
  });
});

describe('GroupPool with as many processes as it may have', () => {
  const other = { ...IDENTITY, applicationGroup: 'other' };

  it('ends an idle one for another group', async () => {
    const script = await open({ maxProcesses: 1 });
    const first = Number((await stage.get(script)).text());
    expect(await stage.acquire(undefined, other)).toMatchObject({ kind: 'lease' });
    await expect.poll(() => isRunning(first)).toBe(false);
    await expect.poll(() => stage.events).toContain('exit:process_limit');
  });

  it('spares one that was just used while others are starting', async () => {
    const script = await open({ maxProcesses: 2 });
    const first = Number((await stage.get(script)).text());
    const coming = stage.acquire(undefined, other);
    const third = { ...IDENTITY, applicationGroup: 'stage.test|/third' };
    expect(await stage.acquire(undefined, third)).toMatchObject({ code: 'ERR_PROCESS_LIMIT' });
    expect(await coming).toMatchObject({ kind: 'lease' });
    expect(stage.ready()).toEqual([first]);
  });

  it('serves as many of many groups wanted at once as there is room for, and tells the others', async () => {
    await open({ maxProcesses: 3, maxGroups: 12 });
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, at) =>
        stage.acquire(undefined, { ...IDENTITY, applicationGroup: `group${at}` }),
      ),
    );
    const codes = answers.map((answer) => (answer.kind === 'lease' ? 'lease' : answer.code));
    expect(codes.filter((code) => code === 'lease')).toHaveLength(3);
    expect(codes.filter((code) => code === 'ERR_PROCESS_LIMIT')).toHaveLength(9);
  });

  it('refuses who would need one more when none is idle', async () => {
    await open({ maxProcesses: 1 });
    await stage.lease();
    expect(await stage.acquire(undefined, other)).toMatchObject({
      code: 'ERR_PROCESS_LIMIT',
      retryAfterSeconds: 5,
    });
    expect(stage.pool.snapshot().map(({ state }) => state)).toEqual(['ready', 'idle']);
  });
});

function takeAll(taken: number[]): void {
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'));
  } catch {
    // None are left.
  }
}

function limitDescriptors(soft: string): void {
  spawnSync('prlimit', ['--pid', `${process.pid}`, `--nofile=${soft}:`]);
}
