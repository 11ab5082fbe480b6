import { describe, expect, it } from 'vitest';
import type { Lease, Refusal } from '../../src/groups/lease.ts';
import type { GroupPlan } from '../../src/groups/plan.ts';
import { fc, runs } from '../support/property.ts';
import { acquire, settle, VirtualGroup } from './virtual.ts';

type Step =
  | { readonly kind: 'arrive' }
  | {
      readonly kind:
        | 'leave'
        | 'release'
        | 'ready'
        | 'boot-fails'
        | 'crash'
        | 'fall'
        | 'say-stopping'
        | 'stale'
        | 'lose-socket'
        | 'freeze'
        | 'fatten';
      readonly which: number;
    }
  | { readonly kind: 'restart' }
  | { readonly kind: 'fill' }
  | { readonly kind: 'reload'; readonly plan: Partial<GroupPlan> }
  | { readonly kind: 'pass'; readonly ms: number };

const which = fc.nat({ max: 7 });
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Step>({ kind: 'arrive' }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('release' as const), which }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('ready' as const), which }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'leave' as const,
        'boot-fails' as const,
        'crash' as const,
        'fall' as const,
        'say-stopping' as const,
        'stale' as const,
        'lose-socket' as const,
        'freeze' as const,
        'fatten' as const,
      ),
      which,
    }),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'restart' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'fill' }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('reload' as const),
      plan: fc.record(
        {
          processes: fc.integer({ min: 1, max: 3 }),
          python: fc.constantFrom('python3', 'python4'),
          queueTimeoutMs: fc.constantFrom(100, 5_000),
        },
        { requiredKeys: [] },
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(10, 600, 5_000, 70_000) }),
  },
);

const settings = fc.record({
  processes: fc.integer({ min: 1, max: 3 }),
  threads: fc.integer({ min: 1, max: 3 }),
  queueLength: fc.nat({ max: 6 }),
  queueTimeoutMs: fc.constantFrom(100, 5_000, 30_000),
  minProcesses: fc.integer({ min: 1, max: 2 }),
  maxMemoryBytes: fc.constant(1_000),
  maximumRequests: fc.constantFrom(0, 1, 4),
  inactivityTimeoutMs: fc.constantFrom(0, 500, 6_000),
  requestTimeoutMs: fc.constantFrom(0, 4_000),
  restartIntervalMs: fc.constantFrom(0, 60_000),
  scaleUpAfterMs: fc.constantFrom(0, 300),
  scaleDownAfterMs: fc.constantFrom(1_000, 60_000),
});

/** The requests of a run: each comes, is answered once, and gives its thread back once. */
class Requests {
  readonly #world: VirtualGroup;
  readonly #fallen = new Set<Lease['upstream']>();
  readonly leases: Lease[] = [];
  readonly waiting: AbortController[] = [];
  arrived = 0;
  answered = 0;

  constructor(world: VirtualGroup) {
    this.#world = world;
  }

  arrive(): void {
    const controller = new AbortController();
    this.arrived += 1;
    const answer = acquire(this.#world.group, controller.signal);
    if (!(answer instanceof Promise)) {
      this.#take(answer);
      return;
    }
    this.waiting.push(controller);
    void answer.then((late) => {
      this.waiting.splice(this.waiting.indexOf(controller), 1);
      this.#take(late);
    });
  }

  /** Only who has broken off a request can be known to have fallen. */
  breakOff(upstream: Lease['upstream']): void {
    const broken = this.leases.filter((lease) => lease.upstream === upstream);
    if (broken.length > 0) this.#fallen.add(upstream);
    for (const lease of broken) {
      this.leases.splice(this.leases.indexOf(lease), 1);
      lease.release('failed');
    }
  }

  #take(answer: Lease | Refusal): void {
    this.answered += 1;
    if (answer.kind === 'refusal') return;
    expect(this.#fallen.has(answer.upstream), 'who has fallen gets no request').toBe(false);
    this.leases.push(answer);
  }
}

async function take(step: Step, world: VirtualGroup, requests: Requests): Promise<void> {
  const pick = <T>(list: readonly T[]): T | undefined =>
    'which' in step ? list[step.which % list.length] : undefined;
  switch (step.kind) {
    case 'arrive':
      requests.arrive();
      break;
    case 'leave':
      pick(requests.waiting)?.abort();
      break;
    case 'release': {
      const lease = pick(requests.leases);
      if (lease !== undefined) requests.leases.splice(requests.leases.indexOf(lease), 1);
      lease?.release(step.which % 3 === 0 ? 'failed' : 'answered');
      break;
    }
    case 'ready':
      pick(world.inState('starting'))?.becomeReady();
      break;
    case 'boot-fails':
      pick(world.inState('starting'))?.end();
      break;
    case 'crash':
      pick(world.inState('ready'))?.end({ code: null, signal: 'SIGSEGV' });
      break;
    // What it had breaks off before its end is told.
    case 'fall': {
      const process = pick(world.inState('ready'));
      if (process === undefined) break;
      process.isEnding = true;
      requests.breakOff(process);
      break;
    }
    case 'say-stopping':
      pick(world.inState('ready'))?.say({ event: 'stopping', reason: 'SIGTERM' });
      break;
    case 'lose-socket': {
      const process = pick(world.inState('ready'));
      if (process !== undefined) process.hasSocket = false;
      break;
    }
    case 'freeze': {
      const process = pick(world.inState('ready'));
      if (process !== undefined) process.stopped = !process.stopped;
      break;
    }
    case 'fatten': {
      const process = pick(world.inState('ready'));
      if (process !== undefined) process.memory = 2_000;
      break;
    }
    case 'stale':
      pick(world.inState('ready'))?.say({ event: 'stale', script: '/a.wsgi' });
      break;
    case 'restart':
      void world.group.restart(world.plan);
      break;
    case 'fill':
      world.hasRoom = !world.hasRoom;
      break;
    case 'reload':
      world.plan = { ...world.plan, ...step.plan };
      void world.group.reload(world.plan);
      break;
    case 'pass':
      await world.clock.pass(step.ms);
      break;
    default:
      step satisfies never;
  }
  await settle();
}

function checkLaws(world: VirtualGroup, requests: Requests): void {
  const { processes, queue, state } = world.group.snapshot();
  const serving = processes.filter((process) => process.state === 'ready');
  const isFree = serving.some(({ inFlight, threads, isInDoubt }) => inFlight < threads && !isInDoubt);
  const isBusy = processes.some(({ inFlight, isInDoubt }) => inFlight > 0 || isInDoubt);
  const isStarting = processes.some((process) => process.state === 'starting');
  expect(queue.depth, 'who waits is in the queue').toBe(requests.waiting.length);
  const concurrency = 3 * world.plan.threads;
  expect(queue.depth, 'the queue is bounded').toBeLessThanOrEqual(queue.limit + concurrency);
  const living = processes.filter((process) => process.state === 'ready' || process.state === 'starting');
  const replaced = living.filter((process) => process.isBeingReplaced);
  expect(serving.length, 'no more than planned').toBeLessThanOrEqual(world.plan.processes + replaced.length);
  if (queue.depth > 0) {
    expect(isFree, 'safety: nobody waits beside a free thread').toBe(false);
    expect(isBusy || isStarting || state === 'backing_off', 'progress: something will serve them').toBe(true);
  }
  expect(world.impossible, 'every change of state is in its table').toEqual([]);
  for (const { inFlight, threads } of processes) expect(inFlight).toBeLessThanOrEqual(threads);
  expect(requests.arrived).toBe(requests.answered + requests.waiting.length);
  if (state === 'idle') expect(serving, 'nothing runs unseen').toEqual([]);
  if (state === 'ready') expect(living, 'what is called ready can serve or will').not.toEqual([]);
}

/** What takes no process out of service that serves: its successor has to be ready first. */
const SPARING: ReadonlySet<Step['kind']> = new Set([
  'arrive',
  'leave',
  'restart',
  'stale',
  'boot-fails',
  'fill',
]);

function serving(world: VirtualGroup): number {
  return world.group.snapshot().processes.filter(({ state }) => state === 'ready').length;
}

describe('Group under random schedules', () => {
  it('keeps safety and progress, and answers every request once', async () => {
    const run = fc.asyncProperty(
      settings,
      fc.array(steps, { minLength: 15, maxLength: 80 }),
      async (numbers, schedule) => {
        const world = new VirtualGroup(numbers);
        const requests = new Requests(world);
        for (const step of schedule) {
          const before = serving(world);
          await take(step, world, requests);
          checkLaws(world, requests);
          const owed = Math.min(before, world.plan.processes);
          if (SPARING.has(step.kind)) expect(serving(world), 'the old serve on').toBeGreaterThanOrEqual(owed);
          if (step.kind === 'reload' && before > 0) expect(serving(world)).toBeGreaterThan(0);
        }
      },
    );
    await fc.assert(run, runs(1000));
  });

  it('leaves no request and no process behind when it is stopped', async () => {
    const run = fc.asyncProperty(settings, fc.array(steps, { maxLength: 40 }), async (numbers, schedule) => {
      const world = new VirtualGroup(numbers);
      const requests = new Requests(world);
      for (const step of schedule) await take(step, world, requests);
      const stopped = world.group.stop();
      await world.clock.pass(120_000);
      await stopped;
      await settle();
      expect(requests.waiting).toEqual([]);
      expect(world.processes.filter(({ state }) => state !== 'gone')).toEqual([]);
      expect(world.impossible).toEqual([]);
      expect(acquire(world.group)).toMatchObject({ code: 'ERR_DRAINING' });
    });
    await fc.assert(run, runs(100));
  });
});
