/** Bodies that nobody reads any more. */
import type { Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadSettings } from '../../src/settings/load.ts';
import { clientLimits } from '../../src/sidecar/client-limits.ts';
import { type Connection, openConnection, openSocket } from '../support/raw-http.ts';
import { ok, type StageParts, stageBefore } from './stage.ts';

const HEAD = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n';
const NOWHERE: StageParts = {
  route: { kind: 'none', status: 404, reason: 'not_wsgi', message: 'Nothing here' },
};

/** Sends so many bytes every 20 ms until the connection ends, or all have been sent. */
function trickle(
  client: Pick<Connection, 'write'> | Socket,
  bytes: number,
  length = Number.POSITIVE_INFINITY,
): Promise<void> {
  let sent = 0;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      client.write('x'.repeat(bytes));
      sent += bytes;
      if (sent < length) return;
      clearInterval(timer);
      resolve();
    }, 20);
    onTestFinished(() => clearInterval(timer));
  });
}

describe('UnwantedBodies', () => {
  it.each([
    ['is nobody’s', NOWHERE],
    ['an application has answered before it was whole', {}],
  ])('ends the connection of a body that trickles and %s', async (_, parts) => {
    const stage = await stageBefore((socket) => void socket.write(ok('early')), {
      ...parts,
      // A twentieth of that comes.
      front: { limits: { bodyTimeoutMs: 1_000, bodyMinRate: 1000 } },
    });
    const client = openConnection(stage.target);
    client.write(HEAD);
    await client.until('\r\n\r\n');
    void trickle(client, 1);
    expect((await client.closed).match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(stage.observations).toHaveLength(1);
    expect(stage.ends).toEqual(['body_rate']);
    expect(stage.logged.at(-1)?.fields).toMatchObject({ reason: 'body_rate' });
  });

  it('leaves the one behind a last answer to the time for which its connection lingers', async () => {
    const stage = await stageBefore(() => undefined, {
      front: { limits: { bodyTimeoutMs: 300, bodyMinRate: 1000 } },
    });
    const client = openSocket(stage.target);
    client.allowHalfOpen = true;
    client.on('error', () => undefined).resume();
    client.write(HEAD);
    void trickle(client, 1);
    await new Promise((resolve) => client.on('close', resolve));
    expect(await stage.observed()).toMatchObject({ status: 408 });
    expect(stage.ends).toEqual([]);
    expect(stage.logged.filter(({ fields }) => 'reason' in fields)).toHaveLength(1);
  });

  it('takes one that comes at the rate to its end, and the next request', async () => {
    const stage = await stageBefore(ok('early'), {
      ...NOWHERE,
      front: { limits: { bodyTimeoutMs: 1_000, bodyMinRate: 100 } },
    });
    const client = openConnection(stage.target);
    client.write(HEAD);
    await trickle(client, 250, 20_000);
    client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect((await client.closed).match(/HTTP\/1\.1 404/g)).toHaveLength(2);
    expect(stage.ends).toEqual([]);
  });

  it.each([
    ['a body', 'WSGI_SIDECAR_LIMIT_BODY_TIMEOUT'],
    ['the next request', 'WSGI_SIDECAR_LIMIT_KEEP_ALIVE_TIMEOUT'],
  ])('waits between its looks, however long %s may take', async (_, setting) => {
    const overflows: string[] = [];
    const hear = ({ name }: Error): void => void overflows.push(name);
    process.on('warning', hear);
    onTestFinished(() => void process.off('warning', hear));
    const environment = { [setting]: '99999h' };
    const limits = clientLimits(loadSettings({ flags: {}, environment }).limits, {});
    const stage = await stageBefore(ok('early'), { ...NOWHERE, front: { limits } });
    const client = openConnection(stage.target);
    client.write(HEAD);
    await client.until('\r\n\r\n');
    await stage.observed();
    // A warning is told a turn later.
    await new Promise((resolve) => setImmediate(resolve));
    expect(overflows).toEqual([]);
    client.end();
  });
});
