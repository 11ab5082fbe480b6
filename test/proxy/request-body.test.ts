/** Bodies on their way to the upstream. */
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { openConnection, openSocket, send } from '../support/raw-http.ts';
import { settled } from '../support/settled.ts';
import { headersOf, ok, stageBefore, wsgiRoute } from './stage.ts';

/** Serves once all of a body of so many bytes is there. */
const afterBody =
  (bytes: number) =>
  (socket: { write(text: string): unknown }, text: string): void => {
    if (text.length - text.indexOf('\r\n\r\n') - 4 >= bytes) socket.write(ok('done'));
  };

describe('RequestBody', () => {
  it.each([['POST'], ['PUT'], ['DELETE'], ['GET'], ['PROPFIND'], ['OPTIONS']])(
    'carries the body of a %s by its length, over a connection that is kept',
    async (method) => {
      const stage = await stageBefore(
        (socket, text) => void (/abc(?:\r\n.*)?$/.test(text) && socket.write(ok('done'))),
      );
      for (let i = 0; i < 2; i += 1) {
        expect((await send(stage.target, '/', { method, body: 'abc' })).text()).toBe('done');
        await stage.observed(i);
      }
      expect(headersOf(stage.recorder.received[0] ?? '').get('content-length')).toBe('3');
      expect(stage.recorder.received[0]?.match(/\r\n\r\nabc/g)).toHaveLength(2);
      expect(stage.recorder.received).toHaveLength(1);
      expect(stage.observations.map((seen) => seen.requestBytes)).toEqual([3, 3]);
    },
  );

  it('says Content-Length: 0 to the application where the transport would not', async () => {
    const stage = await stageBefore(ok('done'));
    await send(stage.target, '/', { method: 'DELETE', body: '' });
    expect(headersOf(stage.recorder.received[0] ?? '').get('x-sidecar-request')).toContain(
      '"CONTENT_LENGTH":"0"',
    );
  });

  it('passes chunks on as chunks of its own', async () => {
    const stage = await stageBefore(
      (socket, text) => void (text.endsWith('0\r\n\r\n') && socket.write(ok('done'))),
      { route: wsgiRoute({}, { chunkedRequest: true }) },
    );
    const client = openConnection(stage.target);
    client.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n');
    client.write('3;ext=1\r\nabc\r\n0\r\nX-Trailer: evil\r\n\r\n');
    expect(await client.closed).toContain('done');
    expect(stage.recorder.received[0]).toMatch(/\r\n3\r\nabc\r\n0\r\n\r\n$/);
    expect(stage.recorder.received[0]).not.toContain('evil');
  });

  it('gives an application all the time that it wants for a body that has come', async () => {
    const bodyTimeoutMs = 300;
    const begun = new Set<Socket>();
    const stage = await stageBefore(
      (socket, text) => {
        const [, size] = /^content-length: (\d+)\r$/im.exec(text) ?? [];
        if (!begun.has(socket)) {
          begun.add(socket);
          socket.pause();
          // By then the client would be late.
          setTimeout(() => socket.resume(), 4 * bodyTimeoutMs);
        }
        afterBody(Number(size))(socket, text);
      },
      { front: { limits: { bodyTimeoutMs } } },
    );
    // What there is room for between client and application, which is the system's affair, with a little more and a little less.
    const sizes = Array.from({ length: 20 }, (_, i) => (240 + i * 20) * 1024);
    const answers = sizes.map((size) =>
      send(stage.target, '/', { method: 'POST', body: Buffer.alloc(size, 'x') }),
    );
    const texts = await Promise.all(answers.map(async (answer) => (await answer).text()));
    expect(texts).toEqual(sizes.map(() => 'done'));
  });

  it('lets an early answer out, and the connection be used again', async () => {
    const size = 8 * 1024 * 1024;
    const early = 'HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig';
    const answered = new Set<unknown>();
    const stage = await stageBefore((socket, text) => {
      if (!answered.has(socket)) socket.write(text.includes('/2') ? ok('second') : early);
      answered.add(socket);
    });
    const client = openConnection(stage.target);
    client.write(`POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`);
    client.write('x'.repeat(size));
    await client.until('big');
    client.write('GET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    const text = await client.closed;
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 200']);
    expect(stage.observations[0]).toMatchObject({ status: 413, aborted: false });
  });

  it.each([
    ['', 'Content-Length: 3\r\n'],
    ['Expect: 100-continue\r\n', 'Content-Length: 3\r\nConnection: close\r\n'],
  ])('finds the answer of an upstream that closes on unread body (%j)', async (expect100, framing) => {
    const stage = await stageBefore(
      (socket) => void socket.end(`HTTP/1.1 413 Too Large\r\n${framing}\r\nbig`),
    );
    for (let i = 0; i < 20; i += 1) {
      const client = openConnection(stage.target);
      client.write(`POST /1 HTTP/1.1\r\nHost: a\r\n${expect100}Content-Length: 4000000\r\n\r\n`);
      client.write('x'.repeat(4_000_000));
      await client.until('big');
      client.end();
      expect(await stage.observed(i)).toMatchObject({ status: 413 });
    }
  });

  it('reads a client no faster than the upstream takes', async () => {
    let sent = 0;
    let upstream: Socket | undefined;
    const stage = await stageBefore((socket) => {
      upstream ??= socket.pause();
    });
    const client = openSocket(stage.target);
    const size = 256 * 1024 * 1024;
    client.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`);
    const block = Buffer.alloc(65_536);
    const pump = (): void => {
      do sent += block.length;
      while (client.write(block));
      client.once('drain', pump);
    };
    pump();
    await settled(() => sent);
    expect(sent).toBeLessThan(32 * 1024 * 1024);
    client.destroy();
    upstream?.resume();
    expect(await stage.released()).toBe('abandoned');
  });

  it('gives up on a client that stops in the middle of its body', async () => {
    const stage = await stageBefore(afterBody(10), { front: { limits: { bodyTimeoutMs: 50 } } });
    const client = openConnection(stage.target);
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nhalf');
    expect(await client.closed).toMatch(/^HTTP\/1\.1 408 /);
    expect(await stage.observed()).toMatchObject({ status: 408, reason: 'body_timeout' });
    expect(await stage.released()).toBe('abandoned');
  });

  it.each([
    ['of a known length', 'Content-Length: 100000', ''],
    ['in chunks', 'Transfer-Encoding: chunked', '1\r\n'],
  ])('gives up on a client whose body %s trickles', async (_, framing, before) => {
    const stage = await stageBefore(() => {}, {
      front: { limits: { bodyTimeoutMs: 1_000, bodyMinRate: 1000 } },
      route: wsgiRoute({}, { chunkedRequest: true }),
    });
    const client = openConnection(stage.target);
    client.write(`POST / HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`);
    const piece = before === '' ? 'x' : `${before}x\r\n`;
    const trickle = setInterval(() => client.write(piece), 20);
    const text = await client.closed;
    clearInterval(trickle);
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    expect(await stage.observed()).toMatchObject({ status: 408, reason: 'body_rate' });
    expect(await stage.released()).toBe('abandoned');
  });

  it('tells why a body ends the answer that has begun', async () => {
    const stage = await stageBefore(
      (socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nbegun'),
      { front: { limits: { bodyTimeoutMs: 1_000, bodyMinRate: 1000 } } },
    );
    const client = openConnection(stage.target);
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n');
    const trickle = setInterval(() => client.write('x'), 20);
    expect(await client.closed).toMatch(/^HTTP\/1\.1 200 .*begun$/s);
    clearInterval(trickle);
    expect(await stage.observed()).toMatchObject({ status: 200, reason: 'body_rate', aborted: true });
  });

  it('takes a body that comes slowly, but at the rate', async () => {
    const size = 40_000;
    const stage = await stageBefore(afterBody(size), {
      front: { limits: { bodyTimeoutMs: 1_000, bodyMinRate: 1000 } },
    });
    const client = openConnection(stage.target);
    client.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\nConnection: close\r\n\r\n`);
    let left = size;
    const slowly = setInterval(() => {
      if (left > 0) client.write('x'.repeat(1000));
      left -= 1000;
    }, 40);
    expect(await client.closed).toContain('done');
    clearInterval(slowly);
  });

  it('does not call a client silent that nobody has asked for its body', async () => {
    const stage = await stageBefore(
      (socket, text) => {
        if (text.endsWith('whole')) socket.write(ok('done'));
        else setTimeout(() => socket.write('HTTP/1.1 102 Processing\r\n\r\n'), 400);
      },
      { front: { limits: { bodyTimeoutMs: 100 } } },
    );
    const client = openConnection(stage.target);
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n');
    await client.until('100 Continue');
    client.write('whole');
    await client.until('done');
    client.end();
  });

  it('does not blame the client for an upstream that is slow to read', async () => {
    let resume: (() => void) | undefined;
    const stage = await stageBefore(
      (socket, text) => {
        if (resume === undefined) {
          socket.pause();
          resume = () => socket.resume();
        }
        afterBody(2 * 1024 * 1024)(socket, text);
      },
      // Of what it waits little more than 1500 ms would be too long, and on a busy machine the client takes its part of that.
      { front: { limits: { bodyTimeoutMs: 1_500, bodyMinRate: 80 * 1024 * 1024 } } },
    );
    const answer = send(stage.target, '/', { method: 'POST', body: Buffer.alloc(2 * 1024 * 1024) });
    await expect.poll(() => resume).toBeDefined();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    resume?.();
    expect((await answer).status).toBe(200);
  });
});
