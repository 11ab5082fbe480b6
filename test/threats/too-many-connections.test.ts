/** Connections are counted: in all, and of one address; requests on one of them, too. */
import { describe, expect, it } from 'vitest';
import { ok, stageBefore } from '../proxy/stage.ts';
import { openConnection, openSocket, send } from '../support/raw-http.ts';
import { statusesOf } from './refusal.ts';

describe('connections', () => {
  it.each([
    ['in all', { connections: 2 }, 'max_connections'],
    ['of one address', { connectionsPerAddress: 2 }, 'max_connections_per_address'],
  ])('beyond the limit %s get 503, until one of the others has gone', async (_, limits, reason) => {
    const stage = await stageBefore(ok('hello'), { front: { limits } });
    const held = [openConnection(stage.target), openConnection(stage.target)];
    for (const client of held) {
      client.write('OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n');
      await client.until('200 OK');
    }
    expect(statusesOf(await openConnection(stage.target).closed)).toEqual([503]);
    expect(stage.observations.at(-1)).toMatchObject({ status: 503, reason, arm: 'own' });
    expect(stage.logged.at(-1)?.message).toContain('limits.connections');
    held[0]?.end();
    await expect.poll(async () => (await send(stage.target, '/').catch(() => undefined))?.status).toBe(200);
    held[1]?.end();
  });

  it('of a flood are told once, and counted all', async () => {
    const stage = await stageBefore(ok('hello'), { front: { limits: { connections: 1 } } });
    const held = openConnection(stage.target);
    held.write('OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n');
    await held.until('200 OK');
    for (let i = 0; i < 5; i += 1) await openConnection(stage.target).closed;
    expect(stage.observations.filter(({ reason }) => reason === 'max_connections')).toHaveLength(5);
    expect(stage.logged).toHaveLength(1);
    held.end();
  });

  it('of a trusted front are not counted by address', async () => {
    const stage = await stageBefore(ok('hello'), {
      front: { limits: { connectionsPerAddress: 1 }, trustedProxies: ['127.0.0.1'] },
    });
    const held = openConnection(stage.target);
    held.write('OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n');
    await held.until('200 OK');
    expect((await send(stage.target, '/')).status).toBe(200);
    held.end();
  });
});

describe('requests of one connection', () => {
  const three = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(3);

  it('end with the one that is the last, which says so', async () => {
    const stage = await stageBefore(ok('hello'), { front: { limits: { requestsPerConnection: 2 } } });
    const client = openConnection(stage.target);
    client.write(three);
    const text = await client.closed;
    expect(statusesOf(text)).toEqual([200, 200]);
    expect(stage.observations.map(({ endedBy }) => endedBy)).toContain('requests_per_connection');
    expect(text.match(/\r\nConnection: (\S+)/g)).toEqual([
      '\r\nConnection: keep-alive',
      '\r\nConnection: close',
    ]);
    expect(stage.requests).toHaveLength(2);
  });

  it('are not read on while many of them wait', async () => {
    const stage = await stageBefore(() => {}, {
      front: { limits: { requestsPerConnection: 0, bodyTimeoutMs: 300 } },
    });
    const flood = openSocket(stage.target).on('error', () => {});
    flood.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(20_000));
    await expect.poll(() => stage.recorder.received.length).toBe(1);
    // Each answer is a turn in which more of the flood could have been read.
    const other = openConnection(stage.target);
    for (let i = 1; i <= 50; i += 1) {
      other.write(`OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n`);
      await expect.poll(() => stage.observations.length).toBe(i);
    }
    flood.resetAndDestroy();
    await stage.released();
    await expect.poll(() => stage.observations.length).toBe(51);
    // One of the flood was begun, and no other is a request yet.
    expect(stage.requests).toHaveLength(1);
    other.end();
  });

  it('are not counted where a trusted front sends them', async () => {
    const stage = await stageBefore(ok('hello'), {
      front: { limits: { requestsPerConnection: 2 }, trustedProxies: ['127.0.0.1'] },
    });
    const client = openConnection(stage.target);
    client.write(three);
    await stage.observed(2);
    client.end();
    expect(stage.observations.map(({ status }) => status)).toEqual([200, 200, 200]);
  });
});
