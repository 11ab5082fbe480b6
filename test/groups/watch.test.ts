import { describe, expect, it } from 'vitest';
import { acquire, last, lease, settle, VirtualGroup } from './virtual.ts';

type Settings = ConstructorParameters<typeof VirtualGroup>[0];

/** A group with `count` ready processes. */
async function readyWorld(settings: Settings = {}, count = 1): Promise<VirtualGroup> {
  const world = new VirtualGroup({ threads: 2, ...settings });
  void world.group.preload();
  for (let at = 0; at < count; at += 1) {
    world.processes[at]?.becomeReady(['/app.wsgi']);
    await settle();
  }
  return world;
}

async function ask(world: VirtualGroup, times: number): Promise<void> {
  for (let at = 0; at < times; at += 1) lease(world).release('answered');
  await settle();
}

describe('Watch over the number of requests', () => {
  it('replaces a process that has had its share, without a gap', async () => {
    const world = await readyWorld({ maximumRequests: 3 });
    const old = last(world);
    await ask(world, 3);
    expect(world.processes).toHaveLength(2);
    await ask(world, 2);
    expect(old.state, 'serves until the new one is ready').toBe('ready');
    last(world).becomeReady(['/app.wsgi']);
    await settle();
    expect(old.state).toBe('gone');
    expect(world.replacements).toEqual(['maximum_requests:ready']);
  });

  it('gives each process its own part of the jitter', async () => {
    const world = await readyWorld({ maximumRequests: 3, maximumRequestsJitter: 3 });
    await ask(world, 4);
    expect(world.processes).toHaveLength(1);
    await ask(world, 1);
    expect(world.processes).toHaveLength(2);
  });

  it('replaces one process at a time', async () => {
    const world = await readyWorld({ processes: 2, minProcesses: 2, maximumRequests: 2 }, 2);
    const leases = [1, 2, 3, 4].map(() => lease(world));
    for (const each of leases) each.release('answered');
    await settle();
    expect(world.processes).toHaveLength(3);
    last(world).becomeReady(['/app.wsgi']);
    await settle();
    expect(world.inState('gone')).toHaveLength(1);
    await ask(world, 1);
    await world.clock.pass(1_000);
    expect(world.processes).toHaveLength(4);
  });

  it('leaves the old process where the new one does not come up, and tries again later', async () => {
    const world = await readyWorld({ maximumRequests: 1 });
    await ask(world, 1);
    last(world).end();
    await settle();
    expect(world.replacements).toEqual(['maximum_requests:kept']);
    await ask(world, 1);
    expect(world.processes, 'not at once').toHaveLength(2);
    await world.clock.pass(500);
    await ask(world, 1);
    expect(world.processes).toHaveLength(3);
  });
});

describe('Watch over age and memory', () => {
  it('replaces a process that is too old, used or not', async () => {
    const world = await readyWorld({ restartIntervalMs: 60_000 });
    await world.clock.pass(59_000);
    expect(world.processes).toHaveLength(1);
    await world.clock.pass(2_000);
    expect(last(world).request.imports).toEqual([{ script: '/app.wsgi', callableObject: 'application' }]);
    last(world).becomeReady(['/app.wsgi']);
    await settle();
    expect(world.replacements).toEqual(['restart_interval:ready']);
  });

  it('replaces a process that has grown too big', async () => {
    const world = await readyWorld({ maxMemoryBytes: 1_000 });
    last(world).memory = 1_000;
    await world.clock.pass(5_000);
    expect(world.processes).toHaveLength(1);
    last(world).memory = 1_001;
    await world.clock.pass(1_000);
    last(world).becomeReady(['/app.wsgi']);
    await settle();
    expect(world.replacements).toEqual(['max_memory:ready']);
    expect(world.inState('ready')).toEqual([last(world)]);
  });
});

describe('Watch over a group that nobody asks for', () => {
  it('ends its processes, says why, and starts one for the next request', async () => {
    const world = await readyWorld({ inactivityTimeoutMs: 10_000 });
    await ask(world, 1);
    await world.clock.pass(9_000);
    await ask(world, 1);
    await world.clock.pass(9_000);
    expect(world.inState('ready')).toHaveLength(1);
    await world.clock.pass(2_000);
    expect(world.inState('ready')).toEqual([]);
    expect(world.group.snapshot()).toMatchObject({
      state: 'idle',
      reason: 'no request for 10 s',
      processes: [],
    });
    const waiting = acquire(world.group);
    last(world).becomeReady();
    expect(await waiting).toMatchObject({ kind: 'lease' });
  });

  it('is not deceived by requests that do not count (WSGIIgnoreActivity)', async () => {
    const world = await readyWorld({ inactivityTimeoutMs: 10_000 });
    await ask(world, 1);
    await world.clock.pass(9_000);
    lease(world).release('answered', true);
    await world.clock.pass(2_000);
    expect(world.group.state).toBe('idle');
  });

  it('does not end what is answering, however long that takes', async () => {
    const world = await readyWorld({ inactivityTimeoutMs: 1_000 });
    const held = lease(world);
    await world.clock.pass(60_000);
    expect(world.group.state).toBe('ready');
    held.release('answered');
    await world.clock.pass(2_000);
    expect(world.group.state).toBe('idle');
  });

  it('starts a process for a request that comes while the old one is still ending', async () => {
    const world = await readyWorld({ inactivityTimeoutMs: 1_000 });
    const old = last(world);
    old.obedient = false;
    await world.clock.pass(2_000);
    const waiting = acquire(world.group);
    expect(world.group.state).toBe('starting');
    old.end({ code: 0, signal: null });
    last(world).becomeReady();
    expect(await waiting).toMatchObject({ upstream: { pid: last(world).pid } });
    expect(world.group.state).toBe('ready');
  });
});

describe('Watch over the number of processes', () => {
  it('keeps the least number up once one has come up', async () => {
    const world = await readyWorld({ processes: 3, minProcesses: 2 });
    expect(world.processes).toHaveLength(2);
    last(world).becomeReady();
    await settle();
    expect(world.processes).toHaveLength(2);
  });

  it('ends the coldest beyond it when it has had nothing to do for long', async () => {
    const world = await readyWorld({ processes: 2, threads: 1, scaleDownAfterMs: 5_000 });
    const first = lease(world);
    void acquire(world.group).valueOf();
    last(world).becomeReady(['/app.wsgi']);
    await settle();
    expect(world.inState('ready')).toHaveLength(2);
    await world.clock.pass(20_000);
    expect(world.inState('ready'), 'both have a request').toHaveLength(2);
    first.release('answered');
    await world.clock.pass(4_000);
    expect(world.inState('ready')).toHaveLength(2);
    await world.clock.pass(3_000);
    expect(world.inState('ready')).toEqual([last(world)]);
  });

  it('starts a further one only when the first in the queue has waited for long', async () => {
    const world = await readyWorld({ processes: 2, threads: 1, scaleUpAfterMs: 1_000 });
    const held = lease(world);
    const short = acquire(world.group);
    await world.clock.pass(900);
    held.release('answered');
    expect(await short).toMatchObject({ kind: 'lease' });
    void acquire(world.group);
    await world.clock.pass(999);
    expect(world.processes).toHaveLength(1);
    await world.clock.pass(1);
    expect(world.processes).toHaveLength(2);
  });
});

describe('Watch over requests', () => {
  it('has the stacks written once, then replaces a process that is late and tells its requests so', async () => {
    const world = await readyWorld({ threads: 1, requestTimeoutMs: 10_000 });
    const old = last(world);
    const held = lease(world);
    const waiting = acquire(world.group);
    await world.clock.pass(10_000);
    expect(old.dumps).toBe(0);
    await world.clock.pass(2_000);
    expect(old.dumps).toBe(1);
    expect(held.whyEnded?.()).toBeUndefined();
    last(world).becomeReady(['/app.wsgi']);
    await settle();
    expect(held.whyEnded?.()).toMatchObject({ code: 'ERR_UPSTREAM_TIMEOUT' });
    expect(old.state).toBe('gone');
    expect(await waiting).toMatchObject({ upstream: { pid: last(world).pid } });
  });

  it('spreads the time over the threads as mod_wsgi 4.9 does', async () => {
    const world = await readyWorld({ threads: 4, requestTimeoutMs: 10_000 });
    lease(world);
    await world.clock.pass(39_000);
    expect(last(world).dumps).toBe(0);
    await world.clock.pass(3_000);
    expect(world.processes[0]?.dumps).toBe(1);
  });

  it('ends a process that answers nobody even if no new one comes up', async () => {
    const world = await readyWorld({ threads: 1, requestTimeoutMs: 1_000 });
    const old = last(world);
    const held = lease(world);
    await world.clock.pass(1_500);
    last(world).end();
    await settle();
    await world.clock.pass(500);
    expect(old.state).toBe('gone');
    expect(held.whyEnded?.()).toMatchObject({ code: 'ERR_UPSTREAM_TIMEOUT' });
  });

  it('replaces a process that loads no script in time after its first request', async () => {
    const world = new VirtualGroup({ threads: 2, startupTimeoutMs: 5_000 });
    void world.group.preload();
    last(world).becomeReady();
    await settle();
    await world.clock.pass(60_000);
    expect(world.processes).toHaveLength(1);
    lease(world);
    await world.clock.pass(7_000);
    expect(world.processes[0]?.dumps).toBe(1);
    expect(world.processes).toHaveLength(2);
  });
});

describe('Watch over frozen processes', () => {
  it('kills one that is stopped with a request in it, and starts another', async () => {
    const world = await readyWorld({ frozenTimeoutMs: 3_000 });
    const old = last(world);
    const held = lease(world);
    old.stopped = true;
    await world.clock.pass(3_000);
    expect(old.state).toBe('ready');
    await world.clock.pass(2_000);
    expect(old.state).toBe('gone');
    expect(held.whyEnded?.(), 'another process may answer').toBeUndefined();
    expect(world.processes).toHaveLength(2);
    expect(world.group.snapshot().lastFailure?.message).toContain('has been stopped for');
  });

  it('leaves one alone that goes on in time, or has no request', async () => {
    const world = await readyWorld({ frozenTimeoutMs: 3_000 });
    last(world).stopped = true;
    await world.clock.pass(60_000);
    const held = lease(world);
    await world.clock.pass(2_000);
    last(world).stopped = false;
    await world.clock.pass(2_000);
    last(world).stopped = true;
    await world.clock.pass(2_000);
    expect(last(world).state).toBe('ready');
    held.release('answered');
    expect(world.processes).toHaveLength(1);
  });

  it('does not wait for the drain of one that is on its way out', async () => {
    const world = await readyWorld({ frozenTimeoutMs: 2_000, evictionTimeoutMs: 600_000 });
    const old = last(world);
    lease(world);
    void world.group.restart(world.plan);
    last(world).becomeReady(['/app.wsgi']);
    await settle();
    old.stopped = true;
    await world.clock.pass(4_000);
    expect(old.state).toBe('gone');
  });
});

describe('Watch over a process that says that it is stopping', () => {
  it('ends one that does not get to its end by itself', async () => {
    const world = await readyWorld({ shutdownTimeoutMs: 5_000 });
    const old = last(world);
    const held = lease(world);
    old.say({ event: 'stopping', reason: 'SIGTERM' });
    await world.clock.pass(4_999);
    expect(old.state, 'has a grace of its own').toBe('ready');
    await world.clock.pass(10_000);
    expect(old.state).toBe('gone');
    held.release('failed');
  });
});
