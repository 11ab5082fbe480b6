/** Fields at which a plain proxy on Node fails: Expect, Trailer, Upgrade. */
import { describe, expect, it } from 'vitest';
import { headersOf, ok, stageBefore } from '../proxy/stage.ts';
import { openConnection } from '../support/raw-http.ts';
import { expectRefusal, LAST, statusesOf } from './refusal.ts';

describe('Expect', () => {
  it('is refused where it asks for something unknown', () =>
    expectRefusal(`GET / HTTP/1.1\r\nExpect: tea${LAST}`, { status: 417, reason: 'expectation' }));

  it('is refused in its turn, behind a request that is under way, and nothing behind it is served', async () => {
    const stage = await stageBefore(ok('hello'));
    const client = openConnection(stage.target);
    const plain = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
    client.write(`${plain}GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n${plain}`);
    expect(statusesOf(await client.closed)).toEqual([200, 417]);
    expect(stage.recorder.received.join('').match(/^GET/gm)).toHaveLength(1);
  });

  it('ends here, and hides nothing of what the table drops', async () => {
    const stage = await stageBefore(ok('hello'));
    const client = openConnection(stage.target);
    client.write(
      'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\nX_A: 1\r\nX-Remote-User: eve\r\n\r\n',
    );
    await client.closed;
    const names = [...headersOf(stage.recorder.received[0] ?? '').keys()];
    expect(names.filter((name) => /^(?:expect|x_a|x-remote-user)$/.test(name))).toEqual([]);
  });
});

describe('Trailer and TE', () => {
  it('end here', async () => {
    const stage = await stageBefore(ok('hello'));
    const client = openConnection(stage.target);
    client.write(`GET / HTTP/1.1\r\nTrailer: X-A\r\nTE: trailers${LAST}`);
    expect(statusesOf(await client.closed)).toEqual([200]);
    expect(stage.recorder.received.join('')).not.toMatch(/^(?:trailer|te):/im);
  });
});
