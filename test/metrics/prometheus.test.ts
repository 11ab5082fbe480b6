/** A real Prometheus scrapes the admin side and answers a query about what it saw. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAdmin, createAdminServer } from '../../routes/admin.ts';
import type { AdminModel } from '../../routes/model.ts';
import { Metrics } from '../../src/metrics/metrics.ts';
import { reservePort } from '../support/port.ts';

const GROUP = {
  processGroup: '',
  applicationGroup: 'www.example.com|/größe'.replace('größe', 'gr\u00c3\u00b6\u00c3\u009fe'),
};
const QUERY =
  'wsgi_sidecar_requests_total{process_group="%{GLOBAL}",application_group="www.example.com|/größe"}';

const installed = spawnSync('prometheus', ['--version']).error === undefined;

describe.runIf(installed)('a Prometheus server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
  let admin: ReturnType<typeof createAdminServer>;
  let prometheus: ChildProcess;
  let scraped: Promise<void>;
  let port: number;

  beforeAll(async () => {
    const { app, seen } = createScrapedAdmin();
    scraped = seen;
    admin = createAdminServer(app);
    admin.listen(0, '127.0.0.1');
    await once(admin, 'listening');
    port = await reservePort();
    prometheus = startPrometheus(folder, (admin.address() as AddressInfo).port, port);
    await ready(prometheus);
  });

  afterAll(async () => {
    prometheus?.kill('SIGKILL');
    admin?.closeAllConnections();
    admin?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('finds the group under the names that Apache has for it', async () => {
    await scraped;
    const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(QUERY)}`;
    const value = await until(async () => {
      const { data } = (await (await fetch(url)).json()) as {
        data: { result: { value: [number, string] }[] };
      };
      return data.result[0]?.value[1];
    });
    expect(value).toBe('1');
  });
});

function createScrapedAdmin(): {
  readonly app: ReturnType<typeof createAdmin>;
  readonly seen: Promise<void>;
} {
  const metrics = new Metrics({ version: '0', maxSeries: 5000 });
  metrics.configurationLoaded({
    groups: [GROUP],
    clientsMakeNames: false,
    modWsgiVersion: '4.9',
    maxGroups: 64,
    maxConnections: 8192,
  });
  metrics.requestFinished({
    requestId: 'r',
    method: 'GET',
    host: 'www.example.com',
    target: '/',
    status: 200,
    arm: 'sidecar',
    identity: GROUP,
    mount: 'm',
    durationSeconds: 0.1,
    requestBytes: 0,
    responseBytes: 0,
    aborted: false,
  });
  const nothing = (): never => {
    throw new Error('not asked');
  };
  const model: AdminModel = {
    readiness: nothing,
    groups: nothing,
    restart: nothing,
    reload: nothing,
    upgrade: nothing,
    lastReload: nothing,
    events: nothing,
    explain: nothing,
    site: nothing,
    diagnostics: nothing,
  };
  let tell: () => void = () => undefined;
  const seen = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const source: Pick<Metrics, 'expose'> = {
    expose: async (format) => {
      const exposition = await metrics.expose(format);
      tell();
      return exposition;
    },
  };
  return { app: createAdmin({ model, metrics: source, onError: nothing }, { transport: 'tcp' }), seen };
}

function startPrometheus(folder: string, target: number, port: number): ChildProcess {
  const job = { job_name: 'sidecar', static_configs: [{ targets: [`127.0.0.1:${target}`] }] };
  const config = { global: { scrape_interval: '200ms' }, scrape_configs: [job] };
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const flags = [
    '--config.file=prometheus.yml',
    '--storage.tsdb.path=data',
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  return spawn('prometheus', flags, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
}

async function ready(server: ChildProcess): Promise<void> {
  const lines = createInterface({ input: server.stderr as NodeJS.ReadableStream });
  for await (const line of lines) if (line.includes('ready to receive web requests')) return;
  throw new Error('Prometheus ended before it was ready');
}

/** What a scrape brought is found by queries a moment later: asks until it is there. */
async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
  }
}
