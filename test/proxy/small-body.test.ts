/** Small bodies are there before a process is asked. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { FRONT_LIMITS } from '../../src/proxy/limits.ts';
import { openConnection, send } from '../support/raw-http.ts';
import { ok, stageBefore } from './stage.ts';

const head = (length: number): string => `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;

describe('afterSmallBody()', () => {
  it('asks for no lease while a small body is on its way', async () => {
    const stage = await stageBefore(
      (socket, text) => void (text.endsWith('hello') && socket.write(ok('done'))),
    );
    const slow = openConnection(stage.target);
    slow.write(`${head(5)}he`);
    // What comes behind is read after that.
    await send(stage.target, '/', { method: 'POST', body: 'hello' });
    await stage.released(0);
    expect(stage.recorder.received).toHaveLength(1);
    expect(stage.requests).toHaveLength(2);
    slow.write('llo');
    await slow.until('done');
    expect(stage.outcomes).toEqual(['answered', 'answered']);
    slow.end();
  });

  it('serves the next request of the connection', async () => {
    const stage = await stageBefore(
      (socket, text) => void (text.endsWith('hello') && socket.write(ok('done'))),
    );
    const client = openConnection(stage.target);
    client.write(`${head(5)}h`);
    await send(stage.target, '/', { method: 'POST', body: 'hello' });
    client.write(`ello${head(5)}hello`);
    await stage.observed(2);
    expect(stage.outcomes).toEqual(['answered', 'answered', 'answered']);
    client.end();
  });

  it('asks for one at once where a body is longer than what is read ahead', async () => {
    const stage = await stageBefore((socket) => void socket.write(ok('early')));
    const client = openConnection(stage.target);
    client.write(`${head(1_000_000)}a`);
    await client.until('early');
    client.end();
  });

  it('answers 408 to a client that falls silent, and asks nobody', async () => {
    const stage = await stageBefore(ok('done'), { front: { limits: { bodyTimeoutMs: 50 } } });
    const client = openConnection(stage.target);
    client.write(`${head(5)}he`);
    expect(await client.closed).toMatch(/^HTTP\/1\.1 408 /);
    expect(stage.observations[0]).toMatchObject({ status: 408, reason: 'body_timeout' });
    expect(stage.recorder.received).toEqual([]);
  });

  it('answers 408 to a client that trickles, and asks nobody', async () => {
    const stage = await stageBefore(ok('done'), {
      front: { limits: { bodyTimeoutMs: 1_000, bodyMinRate: 1000 } },
    });
    const client = openConnection(stage.target);
    client.write(head(10_000));
    const trickle = setInterval(() => client.write('x'), 20);
    expect(await client.closed).toMatch(/^HTTP\/1\.1 408 /);
    clearInterval(trickle);
    expect(stage.observations[0]).toMatchObject({ status: 408, reason: 'body_rate' });
    expect(stage.recorder.received).toEqual([]);
  });

  it('answers 408 to a client that trickles, though its connection is never still for long', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const stage = await stageBefore(ok('done'));
    const client = openConnection(stage.target);
    client.write(head(10_000));
    await expect.poll(() => stage.requests.length).toBe(1);
    vi.advanceTimersByTime(FRONT_LIMITS.bodyTimeoutMs + 100);
    client.write('x');
    expect(await client.closed).toMatch(/^HTTP\/1\.1 408 /);
    expect(stage.observations[0]).toMatchObject({ reason: 'body_rate' });
  });

  it('asks nobody for a client that leaves', async () => {
    const stage = await stageBefore(ok('done'));
    const client = openConnection(stage.target);
    client.write(`${head(5)}he`);
    await send(stage.target, '/');
    client.end();
    expect(await stage.observed(1)).toMatchObject({ status: 499, aborted: true });
    expect(stage.outcomes).toEqual(['answered']);
  });
});
