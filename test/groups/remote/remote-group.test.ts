import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/groups/clock.ts';
import type { Lease } from '../../../src/groups/lease.ts';
import { groupId } from '../../../src/groups/plan.ts';
import { groupKey } from '../../../src/routing/group-key.ts';
import { reservePort } from '../../support/port.ts';
import { IDENTITY, Stage } from '../stage.ts';

/** A server whose port stays the same when it stops and starts again. */
class Elsewhere {
  status = 200;
  port = 0;
  #server: Server | undefined;

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<this> {
    this.#server = createServer((_request, response) => response.writeHead(this.status).end());
    if (this.port === 0) this.port = await reservePort();
    await new Promise<void>((resolve) => this.#server?.listen(this.port, '127.0.0.1', resolve));
    return this;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    server?.closeAllConnections();
    await new Promise((resolve) => (server === undefined ? resolve(0) : server.close(resolve)));
  }
}

const servers: Elsewhere[] = [];
let stage: Stage;

afterEach(async () => {
  await stage.close();
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function open(count: number, settings: object = {}): Promise<readonly Elsewhere[]> {
  for (let i = 0; i < count; i += 1) servers.push(await new Elsewhere().start());
  const url = servers.map((server) => server.url);
  stage = await Stage.open({ settings: { url, threads: 2, healthIntervalMs: 50, ...settings } });
  await stage.pool.preload(IDENTITY);
  return servers;
}

/** Resolves when the group's log says so. */
async function logged(text: string): Promise<void> {
  while (!stage.log.some(({ message, fields }) => `${message} ${JSON.stringify(fields)}`.includes(text))) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const portOf = (lease: Lease): number | undefined => lease.upstream.tcp?.port;
const states = (): readonly string[] => stage.snapshot().processes.map(({ state }) => state);

describe('a group with a url', () => {
  it('shares requests out by the least in flight, in turn among equals', async () => {
    const [a, b] = await open(2);
    const first = await stage.lease();
    const second = await stage.lease();
    expect(new Set([portOf(first), portOf(second)])).toEqual(new Set([a?.port, b?.port]));
    first.release('answered');
    expect(portOf(await stage.lease())).toBe(portOf(first));
  });

  it('lets requests wait while every server has all that it may have', async () => {
    await open(1);
    const [first] = [await stage.lease(), await stage.lease()];
    const waiting = stage.acquire();
    expect(stage.snapshot().queue.depth).toBe(1);
    first.release('answered');
    expect(await waiting).toMatchObject({ kind: 'lease' });
  });

  it('keeps away from a server that stops, and comes back to it', async () => {
    const [a, b] = await open(2, { healthThreshold: 1 });
    expect(states()).toEqual(['ready', 'ready']);
    await a?.stop();
    await logged(`Server ${a?.url} is out of service: nobody listens there`);
    expect(stage.log.find(({ message }) => message.includes('out of service'))?.fields).toMatchObject({
      process_group: expect.any(String),
      application_group: expect.any(String),
    });
    const leases = [await stage.lease(), await stage.lease()];
    expect(leases.map(portOf)).toEqual([b?.port, b?.port]);
    expect(stage.snapshot()).toMatchObject({
      state: 'ready',
      processes: [{ state: 'unhealthy', url: a?.url }, {}],
    });
    await a?.start();
    const third = await stage.acquire();
    expect(third).toMatchObject({ kind: 'lease', upstream: { url: a?.url } });
  });

  it('avoids a server at once that broke a request, and ejects it when it takes no connection', async () => {
    const [a, b] = await open(2, { healthIntervalMs: 60_000 });
    const lease = await stage.lease();
    const [broken, other] = portOf(lease) === a?.port ? [a, b] : [b, a];
    await broken?.stop();
    lease.release('failed');
    expect(portOf(await stage.lease())).toBe(other?.port);
    await logged(`Server ${broken?.url} is out of service`);
  });

  it('refuses at once with the reason while no server answers, and then serves again', async () => {
    const [a] = await open(1, { healthThreshold: 1 });
    const held = [await stage.lease(), await stage.lease()];
    const waiting = stage.acquire();
    await a?.stop();
    const refusal = { kind: 'refusal', code: 'ERR_GROUP_BACKING_OFF', retryAfterSeconds: 1 };
    expect(await waiting).toMatchObject(refusal);
    for (const lease of held) lease.release('answered');
    const { message } = await stage.refusal();
    expect(message).toBe(`No server of group "stage.test|/app" answers: ${a?.url}: nobody listens there`);
    expect(stage.snapshot()).toMatchObject({ state: 'backing_off', lastFailure: { step: 'serving' } });
    await a?.start();
    await logged('"to":"ready","reason":"1 of 1 servers answer"');
    expect((await stage.acquire()).kind).toBe('lease');
  });

  it('tells why a server is out of service, however long the telling takes', async () => {
    const gone = await new Elsewhere().start();
    await gone.stop();
    let now = 0;
    const clock = { ...systemClock, now: () => (now += 1) };
    stage = await Stage.open({ clock, settings: { url: [gone.url], healthThreshold: 1 } });
    await stage.pool.preload(IDENTITY);
    expect(stage.snapshot().lastFailure?.message).toContain('nobody listens there');
  });

  it('asks for a path where one is set', async () => {
    const [a] = await open(1, { healthPath: '/up', healthThreshold: 2 });
    expect(states()).toEqual(['ready']);
    if (a !== undefined) a.status = 503;
    await logged('out of service: "/up" is answered with 503');
    if (a !== undefined) a.status = 204;
    await logged('1 of 1 servers answer');
  });

  it('keeps what it knows of a server when others come and go', async () => {
    const [a] = await open(1);
    const lease = await stage.lease();
    const b = await new Elsewhere().start();
    servers.push(b);
    stage.settings = { ...stage.settings, url: [b.url, a?.url ?? ''] };
    await stage.pool.restart(groupId(groupKey(IDENTITY)));
    expect(stage.snapshot().processes).toMatchObject([
      { url: b.url, inFlight: 0 },
      { url: a?.url, inFlight: 1 },
    ]);
    lease.release('answered');
    stage.settings = { ...stage.settings, url: [b.url] };
    await stage.pool.restart(groupId(groupKey(IDENTITY)));
    expect(portOf(await stage.lease())).toBe(b.port);
    expect(lease.upstream.closed.aborted).toBe(true);
  });

  it('tells the connections of a server that it loses to leave, and no others', async () => {
    const [a, b] = await open(2);
    const leases = [await stage.lease(), await stage.lease()];
    const [of, other] = portOf(leases[0] as Lease) === a?.port ? leases : leases.reverse();
    stage.settings = { ...stage.settings, url: [b?.url ?? ''] };
    await stage.pool.restart(groupId(groupKey(IDENTITY)));
    expect(of?.upstream.leaving?.aborted).toBe(true);
    expect(other?.upstream.leaving?.aborted).toBe(false);
  });

  it('tells all connections to leave when it stops, before it waits for them', async () => {
    await open(1, { drainTimeoutMs: 60_000 });
    const lease = await stage.lease();
    const left = new Promise((resolve) => lease.upstream.leaving?.addEventListener('abort', resolve));
    const reloaded = stage.pool.reload(() => undefined);
    await left;
    expect(lease.upstream.closed.aborted).toBe(false);
    lease.release('answered');
    await reloaded;
  });
});
