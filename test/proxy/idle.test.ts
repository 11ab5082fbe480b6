/** Connections that wait too long for their next request. */
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { openConnection } from '../support/raw-http.ts';
import { ok, stageBefore } from './stage.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

describe('connections between two requests', () => {
  it('tells of a connection that has waited too long, once', async () => {
    const stage = await stageBefore(ok('hello'), { front: { limits: { keepAliveTimeoutMs: 50 } } });
    const client = openConnection(stage.target);
    client.write(`${GET}${GET}`);
    expect(await client.closed).toMatch(/hello.*hello$/s);
    expect(stage.ends).toEqual(['keep_alive_timeout']);
  });

  it('tells of one that has asked for another protocol, once', async () => {
    const stage = await stageBefore(ok('hello'), { front: { limits: { keepAliveTimeoutMs: 50 } } });
    const client = openConnection(stage.target);
    client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
    expect(await client.closed).toMatch(/hello$/);
    expect(stage.ends).toEqual(['keep_alive_timeout']);
  });

  it('tells nothing where the client leaves, or has an answer to wait for', async () => {
    const stage = await stageBefore(
      (socket, text) => void (text.includes('/late') || socket.write(ok('hello'))),
      {
        front: { limits: { keepAliveTimeoutMs: 50, sendTimeoutMs: 50 } },
      },
    );
    const leaving = openConnection(stage.target);
    leaving.write(GET);
    await leaving.until('hello');
    leaving.end();
    const idle = openConnection(stage.target);
    const waiting = openConnection(stage.target);
    waiting.write('GET /late HTTP/1.1\r\nHost: a\r\n\r\n');
    idle.write(GET);
    await idle.closed;
    expect(stage.ends).toEqual(['keep_alive_timeout']);
    expect(stage.observations).toHaveLength(2);
    waiting.end();
  });

  it('leaves nothing of an answer behind where the time is without limit', async () => {
    const sendTimeoutMs = 100;
    const serve = (socket: Socket, text: string): void => {
      if (text.includes('/late')) setTimeout(() => socket.write(ok('late')), 4 * sendTimeoutMs);
      else socket.write(ok(`${'x'.repeat(200_000)}end`));
    };
    const stage = await stageBefore(serve, { front: { limits: { keepAliveTimeoutMs: 0, sendTimeoutMs } } });
    const client = openConnection(stage.target);
    client.write(GET);
    await client.until('end');
    client.write('GET /late HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.until('late');
    client.end();
  });

  it('takes an empty line behind a body for no beginning of a request', async () => {
    const stage = await stageBefore(ok('hello'), {
      front: { limits: { headTimeoutMs: 50, keepAliveTimeoutMs: 200 } },
    });
    const client = openConnection(stage.target);
    client.write(`${GET}\r\n`);
    await client.until('hello');
    client.write('\r\n');
    expect(await client.closed).toMatch(/hello$/);
    expect(stage.ends).toEqual(['keep_alive_timeout']);
  });
});
