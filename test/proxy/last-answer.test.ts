/** The last answer of a connection arrives, though its client sends when it should not. */
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { openSocket } from '../support/raw-http.ts';
import { ok, stageBefore } from './stage.ts';

const BODY = 'x'.repeat(60_000);

describe('the last answer of a connection', () => {
  it.each([
    ['that asked for the end itself', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
    ['of HTTP/1.0', 'GET / HTTP/1.0\r\nHost: a\r\n\r\n'],
    ['at the limit of requests', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    [
      'that has not sent its body',
      'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 100000\r\n\r\nx',
    ],
  ])('lets an answer arrive whole whose client %s sends only then', async (_, request) => {
    const stage = await stageBefore(
      (socket, text) => void (text.includes('\r\n\r\n') && socket.write(ok(BODY))),
      { front: { limits: { requestsPerConnection: 1 } } },
    );
    const socket = openSocket(stage.target).on('error', () => {});
    const isClosed = once(socket, 'close');
    let text = '';
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
    });
    socket.pause();
    socket.write(request);
    await stage.observed();
    for (let i = 0; i < 3; i += 1) {
      await new Promise((resolve) => socket.write('\r\n', resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.resume();
    await isClosed;
    expect(text.endsWith(BODY)).toBe(true);
    expect(stage.observations).toHaveLength(1);
  });
});
