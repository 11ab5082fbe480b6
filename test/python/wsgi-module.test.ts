/** The modules `mod_wsgi` and `apache` as applications see them: names, requests, metrics, events. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { describeEachPython } from './each-python.ts';
import { fixture, startWorker, type Worker, type WorkerRequest } from './worker.ts';

describeEachPython('the module mod_wsgi', (python) => {
  let worker: Worker;
  let requests = 0;
  beforeAll(async () => {
    worker = await startWorker(python, { mode: 'daemon', processGroup: 'pool', processes: 3 });
  });
  afterEach(() => ask('unsubscribe'));
  afterAll(() => worker.stop());

  const ask = async (question: string, options: WorkerRequest & { path?: string } = {}): Promise<unknown> => {
    requests += 1;
    const entries = { 'mod_wsgi.request_id': `id-${requests}`, ...options.entries };
    const path = `${options.path ?? '/'}?${question}`;
    const answer = await worker.request(fixture('module'), path, { ...options, entries });
    return answer.status === 200 ? JSON.parse(answer.text().replace(/^wrapped /, '')) : answer.status;
  };
  /** The events of a request that is over, which may be a little after its answer. */
  const eventsOf = async (id: string): Promise<readonly { readonly name: string }[]> => {
    for (;;) {
      const all = (await ask('events')) as { name: string; request_id: string }[];
      const own = all.filter((event) => event.request_id === id);
      if (own.some(({ name }) => name === 'request_finished')) return own;
    }
  };

  it('says where the application runs', async () => {
    expect(await ask('values')).toEqual({
      version: [4, 9, 4],
      process_group: 'pool',
      application_group: 'main.test|/app',
      maximum_processes: 3,
      threads_per_process: 4,
    });
    expect(await ask('server')).toBeNull();
  });

  it('knows the requests in flight by their ids, and the data of each', async () => {
    const waiting = ask('wait', { entries: { 'mod_wsgi.request_id': 'held' } });
    let active = {};
    while (!('held' in active)) {
      active = (await ask('data', { entries: { 'mod_wsgi.request_id': 'mine' } })) as object;
    }
    expect(active).toEqual({ held: {}, mine: { mine: 'mine' } });
    await ask('open');
    await waiting;
    expect(await ask('data', { entries: { 'mod_wsgi.request_id': 'last' } })).toEqual({
      last: { mine: 'last' },
    });
  });

  it('refuses the data of a request to threads that have none', async () => {
    expect(await ask('elsewhere')).toEqual(['no active request for thread']);
  });

  it('measures the process', async () => {
    const before = (await ask('process')) as Record<string, number>;
    const metrics = (await ask('process')) as Record<string, number>;
    expect(before).toMatchObject({ pid: worker.pid, active_requests: 1 });
    expect(metrics.request_count).toBe((before.request_count ?? 0) + 1);
    expect(metrics.memory_rss).toBeGreaterThan(1_000_000);
    expect(metrics.memory_max_rss).toBeGreaterThan(1_000_000);
  });

  it('measures requests since it was last asked', async () => {
    expect(await ask('metrics')).toEqual({});
    for (const _ of [1, 2, 3]) await ask('nothing');
    const metrics = (await ask('metrics')) as Record<string, number | number[]>;
    // The first question itself was over only after it had been answered.
    expect(metrics).toMatchObject({ request_count: 4, request_threads_maximum: 4 });
    const sum = (values: unknown): number => (values as number[]).reduce((a, b) => a + b, 0);
    for (const phase of ['server', 'queue', 'daemon', 'application'])
      expect(sum(metrics[`${phase}_time_buckets`])).toBe(4);
    expect(sum(metrics.request_threads_buckets)).toBe(4);
    expect(await ask('metrics')).toMatchObject({ request_count: 1 });
  });

  it('tells subscribers of each request', async () => {
    await ask('subscribe');
    const body = 'hello';
    const headers = { 'Content-Length': '5' };
    await ask('body', {
      path: '/pieces',
      method: 'POST',
      headers,
      body,
      entries: { 'mod_wsgi.request_id': 'a' },
    });
    const told = await eventsOf('a');
    expect(told.map(({ name }) => name)).toEqual(['request_started', 'response_started', 'request_finished']);
    expect(told[1]).toMatchObject({ response_status: '200 OK' });
    expect(told[2]).toMatchObject({ input_length: 5, input_reads: 1, output_length: 4, output_writes: 2 });
    expect((told[2] as { output_time?: number }).output_time).toBeGreaterThan(0);
  });

  it('lets a subscriber put another application in the place of the script’s', async () => {
    await ask('subscribe');
    const answer = await worker.request(fixture('module'), '/?wrap');
    expect(answer.text()).toBe('wrapped null');
  });

  it.each([
    ['before the answer', 'raise', '/'],
    ['in the answer', 'breaks', '/pieces'],
  ])('tells subscribers of an exception %s', async (_when, question, path) => {
    await ask('subscribe');
    const entries = { 'mod_wsgi.request_id': question };
    await ask(question, { path, entries }).catch(() => undefined);
    const names = (await eventsOf(question)).map(({ name }) => name);
    expect(names.filter((name) => name !== 'response_started')).toEqual([
      'request_started',
      'request_exception',
      'request_finished',
    ]);
  });

  it('outlives a subscriber that raises', async () => {
    await ask('subscribe');
    expect(await ask('breaks')).toBeNull();
    expect(await worker.waitForLog('subscriber broke')).toContain('Exception occurred within event callback');
    expect(await ask('nothing')).toBeNull();
  });
});
