/** A client that goes leaves no work behind. */
import { describe, expect, it } from 'vitest';
import { stageBefore } from '../proxy/stage.ts';
import { openConnection } from '../support/raw-http.ts';

describe('a client that goes', () => {
  it.each([
    ['after half a body', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf'],
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
