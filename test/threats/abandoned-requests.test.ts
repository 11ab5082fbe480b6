/** A client that goes leaves no work behind. */
import { describe, expect, it } from 'vitest';
import { stageBefore } from '../proxy/stage.ts';
import { openConnection, openSocket } from '../support/raw-http.ts';

describe('a client that resets an upload that nobody reads', () => {
  it('ends its upstream request and frees the lease', async () => {
    const size = 2 ** 24;
    const stage = await stageBefore((socket) => void socket.pause(), {
      front: { limits: { bodyTimeoutMs: 600 } },
    });
    const client = openSocket(stage.target).on('error', () => {});
    client.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size + 1}\r\n\r\n`);
    // All that the buffers on the way take, and no more: the connection stands still.
    await new Promise<void>((resolve) => {
      let calm = 0;
      let last = -1;
      const look = (): void => {
        calm = client.bytesWritten - client.writableLength === last ? calm + 1 : 0;
        last = client.bytesWritten - client.writableLength;
        if (calm > 100 && stage.recorder.received.length > 0) resolve();
        else setImmediate(look);
      };
      client.write(Buffer.alloc(size), () => {});
      look();
    });
    client.resetAndDestroy();
    expect(await stage.released()).toBe('abandoned');
    expect(await stage.observed()).toMatchObject({ aborted: true });
  });
});

describe('a client that goes', () => {
  it.each([
    ['after half a body', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nhalf'],
    ['before its answer', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ])('%s ends its upstream request and frees the lease', async (_, bytes) => {
    const stage = await stageBefore(() => {});
    const client = openConnection(stage.target);
    client.write(bytes);
    await expect.poll(() => stage.recorder.received.length).toBe(1);
    client.end();
    expect(await stage.released()).toBe('abandoned');
    expect(await stage.observed()).toMatchObject({ status: 499, aborted: true });
  });
});
