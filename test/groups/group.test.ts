import { describe, expect, it } from 'vitest';
import type { GroupPlan } from '../../src/groups/plan.ts';
import { acquire, last, settle, VirtualGroup } from './virtual.ts';

/** A group with one ready process. */
async function readyWorld(
  settings: ConstructorParameters<typeof VirtualGroup>[0] = {},
): Promise<VirtualGroup> {
  const world = new VirtualGroup(settings);
  void world.group.preload();
  last(world).becomeReady(['/app.wsgi']);
  await settle();
  return world;
}

async function crash(world: VirtualGroup): Promise<void> {
  last(world).end({ code: null, signal: 'SIGSEGV' });
  await settle();
}

describe('Group whose queue is short', () => {
  const refused = { code: 'ERR_QUEUE_FULL' };

  it('counts against its length only who comes beyond processes × threads, however many of them serve yet', async () => {
    const world = new VirtualGroup({ processes: 2, threads: 2, queueLength: 1 });
    const waiting = [1, 2, 3, 4, 5].map(() => acquire(world.group));
    expect(acquire(world.group)).toMatchObject(refused);
    expect(world.processes).toHaveLength(2);
    world.processes[0]?.becomeReady();
    await settle();
    expect(acquire(world.group), 'two of three wait for the other process').toMatchObject(refused);
    world.processes[1]?.becomeReady();
    for (const answer of waiting.slice(0, 4)) expect(await answer).toMatchObject({ kind: 'lease' });
    expect(acquire(world.group)).toMatchObject(refused);
  });

  it('starts for its first requests without any queue', async () => {
    const world = new VirtualGroup({ processes: 1, threads: 1, queueLength: 0 });
    const waiting = acquire(world.group);
    expect(acquire(world.group)).toMatchObject(refused);
    last(world).becomeReady();
    expect(await waiting).toMatchObject({ kind: 'lease' });
  });
});

describe('Group whose starts fail', () => {
  it('spaces them out, gives up after five, and lets a request try again after the cool-down', async () => {
    const world = new VirtualGroup({});
    void acquire(world.group);
    const delays: number[] = [];
    for (let boot = 0; boot < 4; boot++) {
      await crash(world);
      const { nextStartInMs = 0 } = world.group.snapshot();
      delays.push(nextStartInMs);
      await world.clock.pass(nextStartInMs);
    }
    await crash(world);
    expect(delays).toEqual([500, 1_000, 2_000, 4_000]);
    expect(world.processes).toHaveLength(5);
    expect(acquire(world.group)).toMatchObject({
      code: 'ERR_GROUP_START_FAILED',
      retryAfterSeconds: 60,
    });
    await world.clock.pass(60_000);
    expect(world.processes, 'nothing starts by itself').toHaveLength(5);
    const waiting = acquire(world.group);
    last(world).becomeReady();
    expect(await waiting).toMatchObject({ kind: 'lease' });
    expect(world.states).toEqual([
      'idle',
      ...Array.from({ length: 4 }, () => ['starting', 'backing_off']).flat(),
      'starting',
      'failed',
      'starting',
      'ready',
    ]);
  });

  it('refuses who waits, with the reason', async () => {
    const world = new VirtualGroup({});
    const waiting = acquire(world.group);
    await crash(world);
    expect(await waiting).toMatchObject({
      code: 'ERR_GROUP_START_FAILED',
      message: expect.stringContaining('it ended'),
    });
    expect(acquire(world.group)).toMatchObject({
      code: 'ERR_GROUP_BACKING_OFF',
      retryAfterSeconds: 1,
    });
  });

  it('does not import again what may have made a start fail', async () => {
    const world = await readyWorld();
    await crash(world);
    expect(last(world).request.imports).toEqual([{ script: '/app.wsgi', callableObject: 'application' }]);
    await crash(world);
    await world.clock.pass(1_000);
    expect(last(world).request.imports).toEqual([]);
  });
});

describe('Group whose process crashes', () => {
  it.each([
    ['its own fault', 'SIGSEGV', 'crash'],
    ['its alarm against deadlocks', 'SIGALRM', 'crash'],
    ['somebody outside', 'SIGTERM', 'signal'],
  ] as const)('counts an end by %s for what it is', async (_by, signal, reason) => {
    const world = await readyWorld();
    last(world).end({ code: null, signal });
    expect(world.exits).toEqual([reason]);
  });

  it('starts again at once the first time and lets requests wait when that is due in time', async () => {
    const world = await readyWorld({ queueTimeoutMs: 1_000 });
    await crash(world);
    expect(world.group.state).toBe('starting');
    last(world).becomeReady();
    await settle();
    await crash(world);
    expect(world.group.state).toBe('backing_off');
    const waiting = acquire(world.group);
    await world.clock.pass(500);
    last(world).becomeReady();
    expect(await waiting).toMatchObject({ kind: 'lease', queuedMs: 500 });
  });

  it('refuses requests when its restart is due too late for them', async () => {
    const world = await readyWorld({ queueTimeoutMs: 100 });
    await crash(world);
    last(world).becomeReady();
    await settle();
    await crash(world);
    expect(acquire(world.group)).toMatchObject({ code: 'ERR_GROUP_BACKING_OFF' });
  });

  it('tells apart what the kernel has killed for want of memory', async () => {
    const world = await readyWorld();
    world.hasRunOutOfMemory = true;
    last(world).end({ code: null, signal: 'SIGKILL' });
    expect(world.exits).toEqual(['oom']);
    expect(world.group.snapshot().lastFailure?.message).toContain('run out of memory');
  });

  it('refuses who waits when the sidecar has no room for the next process', async () => {
    const world = await readyWorld();
    world.hasRoom = false;
    await crash(world);
    expect(world.group.state).toBe('idle');
    expect(await acquire(world.group)).toMatchObject({ code: 'ERR_PROCESS_LIMIT' });
    world.hasRoom = true;
    void acquire(world.group);
    expect(world.processes).toHaveLength(2);
  });

  it('forgets earlier crashes of a process that stayed up', async () => {
    const world = await readyWorld();
    await crash(world);
    last(world).becomeReady();
    await settle();
    await world.clock.pass(10_000);
    await crash(world);
    expect(world.group.state).toBe('starting');
  });

  it('is backing off already for who asks again in the moment of the end', async () => {
    const world = await readyWorld();
    await crash(world);
    last(world).becomeReady();
    await settle();
    const states: string[] = [];
    last(world).closed.addEventListener('abort', () => {
      void acquire(world.group);
      states.push(world.group.state);
    });
    last(world).end();
    expect(states).toEqual(['backing_off']);
    expect(world.processes).toHaveLength(2);
  });
});

describe('Group whose script changed', () => {
  it('replaces the process once, whatever the number of messages', async () => {
    const world = await readyWorld();
    const old = last(world);
    old.say({ event: 'stale', script: '/app.wsgi' });
    old.say({ event: 'stale', script: '/app.wsgi' });
    expect(world.processes).toHaveLength(2);
    expect(acquire(world.group)).toMatchObject({ upstream: { pid: old.pid } });
    last(world).becomeReady(['/app.wsgi']);
    await settle();
    expect(acquire(world.group)).toMatchObject({ upstream: { pid: last(world).pid } });
    expect(old.state, 'a request is still in flight').toBe('ready');
  });

  it('keeps the old process when the new script is broken, and does not try again all the time', async () => {
    const world = await readyWorld();
    const old = last(world);
    old.say({ event: 'stale', script: '/app.wsgi' });
    last(world).becomeReady([], ['/app.wsgi']);
    await settle();
    expect(world.group.snapshot()).toMatchObject({ state: 'ready', lastFailure: { step: 'import' } });
    old.say({ event: 'stale', script: '/app.wsgi' });
    expect(world.processes).toHaveLength(2);
  });

  it('takes the next text, which comes right behind the broken one and is told of once, after a while', async () => {
    const world = await readyWorld();
    const old = last(world);
    old.say({ event: 'stale', script: '/app.wsgi' });
    last(world).becomeReady([], ['/app.wsgi']);
    await settle();
    old.say({ event: 'stale', script: '/app.wsgi' });
    await world.clock.pass(10_000);
    expect(world.processes).toHaveLength(3);
    last(world).becomeReady(['/app.wsgi']);
    await settle();
    expect(acquire(world.group)).toMatchObject({ upstream: { pid: last(world).pid } });
    expect(world.group.snapshot().lastFailure, 'what was broken is mended').toBeUndefined();
    await world.clock.pass(10_000);
    expect(world.processes).toHaveLength(3);
  });

  it('takes a text that comes while the broken one is tried', async () => {
    const world = await readyWorld();
    const old = last(world);
    old.say({ event: 'stale', script: '/app.wsgi' });
    old.say({ event: 'stale', script: '/app.wsgi' });
    last(world).becomeReady([], ['/app.wsgi']);
    await settle();
    await world.clock.pass(10_000);
    expect(world.processes).toHaveLength(3);
  });

  it('ends a drained process that keeps its requests for too long', async () => {
    const world = await readyWorld({ evictionTimeoutMs: 2_000 });
    const old = last(world);
    void acquire(world.group);
    old.say({ event: 'stale', script: '/app.wsgi' });
    last(world).becomeReady();
    await settle();
    await world.clock.pass(1_999);
    expect(old.state).toBe('ready');
    await world.clock.pass(1);
    expect(old.state).toBe('gone');
  });
});

describe('Group that is told to restart', () => {
  it('ends up with the number of processes of its plan, even during a start', async () => {
    const world = new VirtualGroup({ processes: 1 });
    void acquire(world.group);
    void world.group.restart(world.plan);
    for (const process of world.processes) process.becomeReady();
    await settle();
    const ready = world.group.snapshot().processes.filter(({ state }) => state === 'ready');
    expect(ready).toHaveLength(1);
  });

  it('does one round after the one under way, however often it is told', async () => {
    const world = await readyWorld();
    const results = [1, 2, 3].map(() => world.group.restart(world.plan));
    expect(world.processes).toHaveLength(2);
    last(world).becomeReady(['/app.wsgi']);
    await settle();
    expect(world.processes).toHaveLength(3);
    last(world).becomeReady(['/app.wsgi']);
    expect(await Promise.all(results)).toEqual([1, 2, 3].map(() => ({ kind: 'restarted' })));
    expect(world.inState('ready')).toEqual([last(world)]);
  });

  it('does not wait for a start that hangs', async () => {
    const world = new VirtualGroup({ processes: 1 });
    const waiting = acquire(world.group);
    const restarted = world.group.restart(world.plan);
    last(world).becomeReady();
    expect(await restarted).toEqual({ kind: 'restarted' });
    expect(await waiting).toMatchObject({ upstream: { pid: last(world).pid } });
    expect(world.processes[0]?.state).toBe('gone');
    expect(world.group.snapshot().lastFailure).toBeUndefined();
  });
});

describe('Group that is told to reload', () => {
  const changed = (world: VirtualGroup, more: Partial<GroupPlan>): GroupPlan => ({ ...world.plan, ...more });

  it('is not touched by an equal plan', async () => {
    const world = await readyWorld();
    expect(await world.group.reload(structuredClone(world.plan))).toEqual({ kind: 'unchanged' });
    expect(world.processes).toHaveLength(1);
  });

  it('takes over what only the sidecar goes by without a new process', async () => {
    const world = await readyWorld({ threads: 1, queueLength: 0 });
    expect(acquire(world.group)).toMatchObject({ kind: 'lease' });
    const plan = changed(world, {
      queueLength: 1,
      queueTimeoutMs: 100,
      life: { ...world.plan.life, gracefulTimeoutMs: 1 },
    });
    expect(await world.group.reload(plan)).toEqual({ kind: 'adopted' });
    const waiting = acquire(world.group);
    await world.clock.pass(100);
    expect(await waiting).toMatchObject({ code: 'ERR_QUEUE_TIMEOUT' });
    expect(world.processes).toHaveLength(1);
  });

  it('has no more processes than a smaller number wants', async () => {
    const world = new VirtualGroup({ processes: 2, threads: 1 });
    void acquire(world.group);
    void acquire(world.group);
    for (const process of world.processes) process.becomeReady();
    await settle();
    const reloaded = world.group.reload(changed(world, { processes: 1 }));
    expect(world.processes, 'only what stays is replaced').toHaveLength(3);
    last(world).becomeReady();
    expect(await reloaded).toEqual({ kind: 'replaced' });
    const states = world.group.snapshot().processes.map(({ state }) => state);
    expect(states).toEqual(['draining', 'draining', 'ready']);
  });

  it('replaces its processes where they do not fit the plan, the old ones serving meanwhile', async () => {
    const world = await readyWorld();
    const old = last(world);
    const plan = changed(world, { environment: { LANG: 'C' } });
    const reloaded = world.group.reload(plan);
    expect(acquire(world.group)).toMatchObject({ upstream: { pid: old.pid } });
    expect(last(world).request.plan.environment).toEqual({ LANG: 'C' });
    last(world).becomeReady(['/app.wsgi']);
    expect(await reloaded).toEqual({ kind: 'replaced' });
    expect(acquire(world.group)).toMatchObject({ upstream: { pid: last(world).pid } });
  });

  it('keeps the old process when the new one does not come up, and tries again at the next reload', async () => {
    const world = await readyWorld();
    const plan = changed(world, { python: 'python0' });
    const reloaded = world.group.reload(plan);
    last(world).end();
    expect(await reloaded).toMatchObject({ kind: 'kept', failure: { message: 'it ended' } });
    expect(acquire(world.group)).toMatchObject({ upstream: { pid: world.processes[0]?.pid } });
    const again = world.group.reload(plan);
    last(world).becomeReady(['/app.wsgi']);
    expect(await again).toEqual({ kind: 'replaced' });
  });

  it('needs no process to go by a new plan, and forgets what failed by the old one', async () => {
    const world = new VirtualGroup({});
    void acquire(world.group);
    await crash(world);
    expect(world.group.state).toBe('backing_off');
    expect(await world.group.reload(changed(world, { python: 'python9' }))).toEqual({ kind: 'adopted' });
    expect(world.group.state).toBe('idle');
    void acquire(world.group);
    expect(last(world).request.plan.python).toBe('python9');
  });
});
