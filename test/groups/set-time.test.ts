/** The machine's time is set (NTP, a virtual machine that resumes) in the middle of what groups wait for; the clock is the real one. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/groups/clock.ts';
import { acquire, last, lease, settle, VirtualGroup } from './virtual.ts';

const HOUR_MS = 3_600_000;

type Settings = ConstructorParameters<typeof VirtualGroup>[0];

/** A group with one ready process. */
async function readyWorld(settings: Settings, imported = ['/app.wsgi']): Promise<VirtualGroup> {
  const world = new VirtualGroup({ threads: 1, ...settings }, systemClock);
  void world.group.preload();
  last(world).becomeReady(imported);
  await settle();
  return world;
}

async function crash(world: VirtualGroup): Promise<void> {
  last(world).end({ code: null, signal: 'SIGSEGV' });
  await settle();
}

/** Lets time pass, and everything that follows from it. */
async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await settle();
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

describe.each([
  ['forward', HOUR_MS],
  ['back', -HOUR_MS],
])('Group on a machine whose time is set an hour %s', (_where, stepMs) => {
  /** No timer is moved by it. */
  function setTime(): void {
    vi.setSystemTime(Date.now() + stepMs);
  }

  it('ends idle processes after inactivity-timeout', async () => {
    const world = await readyWorld({ inactivityTimeoutMs: 10_000 });
    lease(world).release('answered');
    await pass(5_000);
    setTime();
    await pass(4_000);
    expect(world.group.state, 'not early').toBe('ready');
    await pass(4_000);
    expect(world.group.state, 'not late').toBe('idle');
  });

  it('ends surplus processes after scaleDownAfter', async () => {
    const world = await readyWorld({ processes: 2, scaleUpAfterMs: 0, scaleDownAfterMs: 10_000 });
    const held = lease(world);
    const waiting = acquire(world.group);
    last(world).becomeReady();
    for (const one of [held, await waiting]) if (one.kind === 'lease') one.release('answered');
    await pass(5_000);
    setTime();
    await pass(4_000);
    expect(world.inState('ready')).toHaveLength(2);
    await pass(4_000);
    expect(world.inState('ready')).toHaveLength(1);
  });

  it('starts again when the backoff is over', async () => {
    const world = await readyWorld({ queueTimeoutMs: 1_000 });
    await crash(world);
    last(world).becomeReady();
    await settle();
    await crash(world);
    const count = world.processes.length;
    expect(world.group.snapshot()).toMatchObject({ state: 'backing_off', nextStartInMs: 500 });
    const waiting = acquire(world.group);
    setTime();
    await pass(400);
    expect(world.group.snapshot()).toMatchObject({ state: 'backing_off', nextStartInMs: 100 });
    await pass(100);
    expect(world.processes).toHaveLength(count + 1);
    last(world).becomeReady();
    expect(await waiting).toMatchObject({ kind: 'lease', queuedMs: 500 });
  });

  it('refuses for the minute after the last failed start, and then tries again', async () => {
    const world = new VirtualGroup({}, systemClock);
    void acquire(world.group);
    await crash(world);
    for (const ms of [500, 1_000, 2_000, 4_000]) {
      await pass(ms);
      await crash(world);
    }
    setTime();
    await pass(30_000);
    expect(acquire(world.group)).toMatchObject({ code: 'ERR_GROUP_START_FAILED', retryAfterSeconds: 30 });
    await pass(30_000);
    expect(acquire(world.group)).toBeInstanceOf(Promise);
  });

  it('counts crashes in a row by how long processes were up', async () => {
    const world = await readyWorld({});
    await crash(world);
    last(world).becomeReady();
    await settle();
    setTime();
    await crash(world);
    expect(world.group.state, 'a crash soon after the first').toBe('backing_off');
    await pass(1_000);
    last(world).becomeReady();
    await pass(11_000);
    setTime();
    await crash(world);
    expect(world.group.state, 'it was up for long').toBe('starting');
  });

  it('lets each request wait for its queue-timeout', async () => {
    const world = await readyWorld({ queueTimeoutMs: 1_000 });
    const held = lease(world);
    const refused: string[] = [];
    const wait = (name: string): void => {
      void Promise.resolve(acquire(world.group)).then(({ kind }) => refused.push(`${name}: ${kind}`));
    };
    wait('first');
    await pass(500);
    wait('second');
    await pass(100);
    setTime();
    await pass(300);
    expect(refused).toEqual([]);
    await pass(100);
    expect(refused).toEqual(['first: refusal']);
    await pass(500);
    expect(refused).toEqual(['first: refusal', 'second: refusal']);
    held.release('answered');
  });

  it.each([
    ['has loaded nothing within startup-timeout', { startupTimeoutMs: 10_000 }, []],
    ['has requests that are later than request-timeout', { requestTimeoutMs: 10_000 }, ['/app.wsgi']],
  ])('replaces a process that %s', async (_, settings, imported) => {
    const world = await readyWorld(settings, imported);
    const held = lease(world);
    await pass(5_000);
    setTime();
    await pass(4_000);
    expect(world.processes, 'not early').toHaveLength(1);
    await pass(4_000);
    expect(world.processes, 'not late').toHaveLength(2);
    held.release('answered');
  });

  it('kills a process that has been frozen for frozenTimeout', async () => {
    const world = await readyWorld({ frozenTimeoutMs: 10_000 });
    const [process] = world.processes;
    const held = lease(world);
    last(world).stopped = true;
    await pass(5_000);
    setTime();
    await pass(4_000);
    expect(process?.state, 'not early').toBe('ready');
    await pass(6_000);
    expect(process?.state, 'not late').toBe('gone');
    held.release('failed');
  });

  it('gives a replaced process its graceful-timeout, and replaces at the restart interval', async () => {
    const world = await readyWorld({ restartIntervalMs: 60_000, gracefulTimeoutMs: 10_000 });
    const [old] = world.processes;
    await pass(30_000);
    setTime();
    await pass(29_000);
    expect(world.processes, 'not early').toHaveLength(1);
    const held = lease(world);
    await pass(2_000);
    expect(world.processes, 'not late').toHaveLength(2);
    last(world).becomeReady(['/app.wsgi']);
    await pass(5_000);
    setTime();
    await pass(4_000);
    expect(old?.state, 'not early').toBe('ready');
    await pass(2_000);
    expect(old?.state, 'not late').toBe('gone');
    held.release('failed');
  });

  it('tells by the calendar when something happened', async () => {
    const world = await readyWorld({});
    const before = Date.now();
    expect(world.group.snapshot().since.getTime()).toBe(before);
    setTime();
    await crash(world);
    const { since, lastFailure } = world.group.snapshot();
    expect([since.getTime(), lastFailure?.at.getTime()]).toEqual([before + stepMs, before + stepMs]);
  });
});
