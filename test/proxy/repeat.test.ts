import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Lease } from '../../src/groups/lease.ts';
import { exchange, send } from '../support/raw-http.ts';
import { ok, stageBefore } from './stage.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

/** An upstream that breaks off without an answer the first `times` times. */
function breakingOff(times: number): (socket: Socket, text: string) => void {
  let left = times;
  return (socket, text) => {
    if (!text.endsWith('\r\n\r\n') && !text.endsWith('abc')) return;
    left -= 1;
    if (left >= 0) socket.destroy();
    else socket.end(ok('hello'));
  };
}

describe('a request whose process breaks off before it answers', () => {
  it('is sent to another one, and says so in log and observation', async () => {
    const stage = await stageBefore(breakingOff(1));
    expect((await exchange(stage.target, GET)).text()).toBe('hello');
    expect(await stage.observed()).toMatchObject({ status: 200, retries: 1 });
    expect(stage.outcomes).toEqual(['failed', 'answered']);
    expect(stage.logged).toMatchObject([{ level: 'warn' }]);
  });

  it('waits for the end of that process, which may still take connections', async () => {
    const ending = new AbortController();
    const broken = await stageBefore(breakingOff(2));
    const living = await stageBefore(ok('hello'));
    const upstream = { ...broken.recorder.upstream, closed: ending.signal };
    const lease = (): Lease => ({
      kind: 'lease',
      upstream: ending.signal.aborted ? living.recorder.upstream : upstream,
      queuedMs: 0,
      release: () => void setImmediate(() => ending.abort()),
    });
    const stage = await stageBefore('', { acquire: lease });
    expect((await exchange(stage.target, GET)).text()).toBe('hello');
    expect(broken.recorder.received).toHaveLength(1);
  });

  it('is sent again once only', async () => {
    const stage = await stageBefore(breakingOff(2));
    expect((await exchange(stage.target, GET)).status).toBe(502);
    expect(await stage.observed()).toMatchObject({ reason: 'upstream_truncated', retries: 1 });
    expect(stage.recorder.received).toHaveLength(2);
  });

  it('is sent again with a small body by a method that allows it', async () => {
    const stage = await stageBefore(breakingOff(1));
    expect((await send(stage.target, '/', { method: 'PUT', body: 'abc' })).text()).toBe('hello');
    expect(stage.recorder.received).toEqual([
      expect.stringMatching(/\r\n\r\nabc$/),
      expect.stringMatching(/\r\n\r\nabc$/),
    ]);
    expect(await stage.observed()).toMatchObject({ requestBytes: 3, retries: 1 });
  });

  it.each([
    ['PUT', `${'x'.repeat(20_000)}abc`],
    ['POST', 'abc'],
    ['POST', ''],
  ])('is not sent again by %s with body "%s"', async (method, body) => {
    const stage = await stageBefore(breakingOff(1));
    expect((await send(stage.target, '/', { method, body })).status).toBe(502);
    expect(stage.recorder.received).toHaveLength(1);
  });

  it('is not sent again when an answer has begun', async () => {
    const stage = await stageBefore(
      (socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n'),
    );
    expect((await exchange(stage.target, GET)).status).toBe(502);
    expect(stage.recorder.received).toHaveLength(1);
  });

  it('is told why when the group has ended the process', async () => {
    const message = 'it took too long';
    const lease = (upstream: Lease['upstream']): Lease => ({
      kind: 'lease',
      upstream,
      queuedMs: 0,
      release: () => undefined,
      whyEnded: () => ({ code: 'ERR_UPSTREAM_TIMEOUT', message }),
    });
    const other = await stageBefore(breakingOff(1));
    const stage = await stageBefore('', { acquire: () => lease(other.recorder.upstream) });
    expect((await exchange(stage.target, GET)).status).toBe(504);
    expect(await stage.observed()).toMatchObject({ status: 504, reason: 'upstream_timeout' });
    expect(stage.logged.at(-1)).toMatchObject({ message });
    expect(other.recorder.received).toHaveLength(1);
  });
});
