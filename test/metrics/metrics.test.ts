import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { Metrics } from '../../src/metrics/metrics.ts';
import type { Observation } from '../../src/proxy/observation.ts';

const SHOP = { processGroup: '', applicationGroup: 'www.example.com|/shop' };
const MAIN = { processGroup: 'site', applicationGroup: '' };

const CONFIGURATION = {
  groups: [SHOP, MAIN],
  clientsMakeNames: true,
  modWsgiVersion: '4.9',
  maxGroups: 64,
  maxConnections: 10,
};

function createMetrics(maxSeries = 10_000, clientsMakeNames = true): Metrics {
  const metrics = new Metrics({ version: '1.2.3', maxSeries });
  metrics.configurationLoaded({ ...CONFIGURATION, clientsMakeNames });
  return metrics;
}

function observation(changes: Partial<Observation> = {}): Observation {
  return {
    requestId: 'r1',
    method: 'GET',
    host: 'www.example.com',
    target: '/shop',
    status: 200,
    arm: 'sidecar',
    identity: SHOP,
    mount: 'www.example.com:/shop',
    pid: 1,
    durationSeconds: 0.02,
    queuedSeconds: 0,
    upstreamSeconds: 0.01,
    requestBytes: 3,
    responseBytes: 5,
    aborted: false,
    ...changes,
  };
}

async function linesOf(metrics: Metrics, name: string): Promise<string[]> {
  const { body } = await metrics.expose('prometheus');
  return body.split('\n').filter((line) => line.startsWith(`wsgi_sidecar_${name}`));
}

describe('Metrics', () => {
  it('counts the connections that a limit has ended, and tells the limit on all', async () => {
    const metrics = createMetrics();
    metrics.requestFinished(observation({ endedBy: 'send_timeout' }));
    metrics.connectionEnded('keep_alive_timeout');
    expect(await linesOf(metrics, 'connections_ended_total')).toEqual([
      'wsgi_sidecar_connections_ended_total{reason="body_rate"} 0',
      'wsgi_sidecar_connections_ended_total{reason="keep_alive_timeout"} 1',
      'wsgi_sidecar_connections_ended_total{reason="requests_per_connection"} 0',
      'wsgi_sidecar_connections_ended_total{reason="send_timeout"} 1',
      'wsgi_sidecar_connections_ended_total{reason="web_socket_timeout"} 0',
    ]);
    expect(await linesOf(metrics, 'client_connections_limit')).toEqual([
      'wsgi_sidecar_client_connections_limit 10',
    ]);
  });

  it('writes the empty names of mod_wsgi as Apache spells them', async () => {
    const metrics = createMetrics();
    metrics.requestFinished(observation({ identity: MAIN, mount: 'm' }));
    expect(await linesOf(metrics, 'requests_total')).toEqual([
      'wsgi_sidecar_requests_total{application_group="%{GLOBAL}",process_group="site",mount="m",arm="sidecar",method="GET",code="200"} 1',
    ]);
  });

  it('counts a group that is not declared, and a method that a client made up, under fixed labels', async () => {
    const metrics = createMetrics();
    const minted = { processGroup: '', applicationGroup: 'evil:1234|/shop' };
    metrics.requestFinished(observation({ identity: minted, method: 'BREW' }));
    metrics.requestFinished(observation({ identity: minted, method: 'STEEP' }));
    expect(await linesOf(metrics, 'requests_total')).toEqual([
      'wsgi_sidecar_requests_total{application_group="__unknown__",process_group="__unknown__",mount="www.example.com:/shop",arm="sidecar",method="OTHER",code="200"} 2',
    ]);
  });

  it('takes every name that routing admits for a label where clients cannot make names', async () => {
    const metrics = createMetrics(10_000, false);
    metrics.requestFinished(
      observation({ identity: { processGroup: '', applicationGroup: 'www:8080|/shop' } }),
    );
    expect((await linesOf(metrics, 'requests_total'))[0]).toContain('application_group="www:8080|/shop"');
  });

  it('puts a duration on a bound into the bucket of that bound, and cumulates', async () => {
    const metrics = createMetrics();
    metrics.requestFinished(observation({ durationSeconds: 0.01 }));
    metrics.requestFinished(observation({ durationSeconds: 120 }));
    const lines = await linesOf(metrics, 'request_duration_seconds');
    const value = (part: string): string | undefined =>
      lines
        .find((l) => l.includes(part))
        ?.split(' ')
        .at(-1);
    expect([value('le="0.005"'), value('le="0.01"'), value('le="60"'), value('le="+Inf"')]).toEqual([
      '0',
      '1',
      '1',
      '2',
    ]);
    expect([value('_sum'), value('_count')]).toEqual(['120.01', '2']);
  });

  it('raises requests in flight at the start and lowers them at the end', async () => {
    const metrics = createMetrics();
    metrics.requestStarted(SHOP);
    metrics.requestStarted(SHOP);
    metrics.requestFinished(observation({}));
    const lines = await linesOf(metrics, 'requests_in_flight');
    expect(lines.find((line) => line.includes('/shop'))).toMatch(/ 1$/);
  });

  it('counts WebSockets while they are open, and their bytes at their end', async () => {
    const metrics = createMetrics();
    metrics.webSocketOpened(SHOP);
    metrics.webSocketOpened(SHOP);
    metrics.webSocketOpened(undefined);
    metrics.requestFinished(observation({ status: 101, requestBytes: 20, responseBytes: 300 }));
    const active = await linesOf(metrics, 'websockets_active');
    expect(active.map((line) => line.replace(/.*application_group="([^"]*)".* /, '$1 '))).toEqual(
      expect.arrayContaining([expect.stringMatching(/shop 1$/), '__unknown__ 1']),
    );
    const bytes = await linesOf(metrics, 'websocket_bytes_total');
    expect(bytes).toEqual([expect.stringMatching(/shop.* 320$/)]);
  });

  it('counts the WebSockets that a group was refused', async () => {
    const metrics = createMetrics();
    metrics.requestFinished(observation({ reason: 'web_socket_limit', status: 503 }));
    expect(await linesOf(metrics, 'websockets_refused_total')).toEqual([
      expect.stringMatching(/application_group="www.example.com\|\/shop".* 1$/),
    ]);
  });

  it.each([
    ['a full queue', 'queue_full', 503, 'requests_rejected_total{reason="queue_full"} 1'],
    ['a minted port', 'minted_port', 421, 'unknown_group_requests_total{reason="minted_port"} 1'],
    ['an answer cut short', 'upstream_truncated', 200, 'reason="truncated"} 1'],
  ])('counts %s by its reason', async (_case, reason, status, expected) => {
    const metrics = createMetrics();
    metrics.requestFinished(observation({ reason, status }));
    const { body } = await metrics.expose('prometheus');
    expect(body).toContain(expected);
  });

  it('makes no series beyond the limit and counts those it did not make', async () => {
    const metrics = createMetrics(100);
    for (let mount = 0; mount < 200; mount += 1)
      metrics.requestFinished(observation({ mount: `mount-${mount}` }));
    expect((await linesOf(metrics, 'requests_total')).length).toBeLessThan(100);
    const [dropped] = await linesOf(metrics, 'metrics_series_dropped_total');
    expect(Number(dropped?.split(' ').at(-1))).toBeGreaterThan(100);
  });

  it('reads states, queues and processes when it is scraped', async () => {
    const metrics = createMetrics();
    metrics.readGroupsFrom(() => [
      {
        identity: SHOP,
        state: 'ready',
        processes: [{ pid: process.pid, state: 'ready' }],
        queueDepth: 2,
        queueLimit: 100,
        backoffSeconds: 0,
      },
      {
        identity: MAIN,
        state: 'backing_off',
        processes: [],
        queueDepth: 0,
        queueLimit: 100,
        backoffSeconds: 4,
      },
    ]);
    const { body } = await metrics.expose('prometheus');
    expect(body).toContain('wsgi_sidecar_groups{state="backing_off"} 1');
    expect(body).toContain(
      'wsgi_sidecar_queue_depth{application_group="www.example.com|/shop",process_group="%{GLOBAL}"} 2',
    );
    expect(body).toContain('wsgi_sidecar_group_up{application_group="%{GLOBAL}",process_group="site"} 0');
    const [resident] = await linesOf(metrics, 'process_resident_memory_bytes{');
    const bytes = Number(resident?.split(' ').at(-1));
    expect(bytes).toBeGreaterThan(process.memoryUsage().rss / 2);
  });

  it('shows nothing more of a group that is gone', async () => {
    const metrics = createMetrics();
    const reading = { identity: SHOP, state: 'backing_off', processes: [], queueDepth: 1 } as const;
    let groups = [{ ...reading, queueLimit: 100, backoffSeconds: 4 }];
    metrics.readGroupsFrom(() => groups);
    metrics.requestFinished(observation());
    const isOfShop = (line: string): boolean => line.includes(SHOP.applicationGroup);
    const gauges = ['group_up{', 'queue_depth{', 'group_restart_backoff_seconds{', 'group_last_success'];
    const lines = async (): Promise<string[]> =>
      (await Promise.all(gauges.map((name) => linesOf(metrics, name)))).flat().filter(isOfShop);
    expect(await lines()).toHaveLength(4);
    groups = [];
    metrics.groupDropped(SHOP);
    expect(await lines()).toEqual([]);
    metrics.requestFinished(observation());
    expect(await lines()).toHaveLength(1);
  });

  it('counts requests that were sent again by whether that helped', async () => {
    const metrics = createMetrics();
    metrics.requestFinished(observation({ retries: 1 }));
    metrics.requestFinished(observation({ retries: 3, status: 502, reason: 'upstream_connect' }));
    metrics.requestFinished(observation());
    const counts = (await linesOf(metrics, 'retries_total{')).map((line) =>
      line.match(/result="(\w+)"} (\d)/),
    );
    expect(counts.map((match) => match?.slice(1))).toEqual([
      ['answered', '1'],
      ['failed', '1'],
    ]);
  });

  it('counts replacements and what became of them', async () => {
    const metrics = createMetrics();
    metrics.processReplaced(SHOP, 'max_memory', 'ready');
    metrics.processReplaced(SHOP, 'deploy', 'kept');
    metrics.processReplaced(SHOP, 'deploy', 'kept');
    const counts = (await linesOf(metrics, 'process_replacements_total{')).map((line) =>
      line.split(' ').at(-1),
    );
    expect(counts).toEqual(['1', '2']);
  });

  it('never lets the CPU counter fall when a process ends', async () => {
    const metrics = createMetrics();
    let pids = [process.pid];
    metrics.readGroupsFrom(() => [
      {
        identity: SHOP,
        state: 'ready',
        processes: pids.map((pid) => ({ pid, state: 'ready' })),
        queueDepth: 0,
        queueLimit: 1,
        backoffSeconds: 0,
      },
    ]);
    const cpu = async (): Promise<number> =>
      Number((await linesOf(metrics, 'process_cpu_seconds_total{'))[0]?.split(' ').at(-1));
    const before = await cpu();
    pids = [];
    expect(await cpu()).toBe(before);
    expect(before).toBeGreaterThan(0);
  });

  it('speaks OpenMetrics without spoiling the names of the next Prometheus scrape', async () => {
    const metrics = createMetrics();
    metrics.requestFinished(observation());
    const before = await linesOf(metrics, 'requests_total');
    const [open] = await Promise.all([metrics.expose('openmetrics'), metrics.expose('prometheus')]);
    expect(open.contentType).toContain('application/openmetrics-text');
    expect(open.body).toContain('# TYPE wsgi_sidecar_requests counter\nwsgi_sidecar_requests_total{');
    expect(open.body.endsWith('# EOF\n')).toBe(true);
    expect(await linesOf(metrics, 'requests_total')).toEqual(before);
  });

  it('says whether the last reload was taken, and since when the configuration is in force', async () => {
    const metrics = createMetrics();
    const told = async (): Promise<readonly string[]> => [
      ...(await linesOf(metrics, 'config_last_reload_successful')),
      ...(await linesOf(metrics, 'config_last_reload_success_timestamp_seconds')),
      ...(await linesOf(metrics, 'build_info')),
    ];
    const [successful, since] = await told();
    expect(successful).toMatch(/ 1$/);
    metrics.configurationRefused();
    expect(await told()).toMatchObject([
      expect.stringMatching(/ 0$/),
      since,
      expect.stringContaining('"4.9"'),
    ]);
    metrics.configurationLoaded({ ...CONFIGURATION, modWsgiVersion: '6' });
    expect(await told()).toMatchObject([successful, expect.anything(), expect.stringContaining('"6"')]);
  });

  it('is clean under promtool check metrics', async (context) => {
    const metrics = createMetrics();
    metrics.requestFinished(observation({ reason: 'upstream_connect', status: 502, aborted: true }));
    metrics.processStarted(SHOP, 'demand');
    metrics.processReady(SHOP, 0.3);
    metrics.processExited(SHOP, 'crash');
    metrics.processReplaced(SHOP, 'deploy', 'ready');
    metrics.readGroupsFrom(() => [
      {
        identity: SHOP,
        state: 'ready',
        processes: [{ pid: process.pid, state: 'ready' }],
        queueDepth: 0,
        queueLimit: 9,
        backoffSeconds: 0,
      },
    ]);
    const { body } = await metrics.expose('prometheus');
    const lint = spawnSync('promtool', ['check', 'metrics'], { input: body, encoding: 'utf8' });
    if (lint.error !== undefined) context.skip('promtool is missing: apt-get install prometheus');
    expect(lint.stdout + lint.stderr).toBe('');
    expect(lint.status).toBe(0);
  });
});
