/** `Expect: 100-continue`: the client is told to send its body when the application reads, and never by a refusal. */
import { describe, expect, it } from 'vitest';
import { openConnection } from '../support/raw-http.ts';
import { headersOf, ok, stageBefore, startStage, wsgiRoute } from './stage.ts';

const HEAD = 'POST /app HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n';

describe('a request that expects a 100', () => {
  it('gets it when the application begins to read', async () => {
    const stage = await stageBefore((socket, text) => {
      if (text.endsWith('\r\n\r\n')) socket.write('HTTP/1.1 102 Processing\r\n\r\n');
      if (text.endsWith('abc')) socket.write(ok('done'));
    });
    const client = openConnection(stage.target);
    client.write(HEAD);
    await client.until('HTTP/1.1 100 Continue\r\n\r\n');
    const sent = headersOf(stage.recorder.received[0] ?? '');
    expect([sent.get('expect'), sent.get('x-sidecar-expect')]).toEqual([undefined, '100-continue']);
    client.write('abc');
    await client.until('done');
    client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await stage.observed();
    client.end();
    expect(stage.observations[0]).toMatchObject({ status: 200, requestBytes: 3, responseBytes: 4 });
    expect(stage.outcomes[0]).toBe('answered');
  });

  it('gets the answer of an application that does not read, and no 100, and has to connect anew', async () => {
    const stage = await stageBefore((socket, text) => {
      if (text.endsWith('\r\n\r\n')) socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
    });
    const client = openConnection(stage.target);
    client.write(HEAD);
    const text = await client.closed;
    expect(text).toMatch(/^HTTP\/1\.1 403 /);
    expect(text).toMatch(/\r\nConnection: close\r\n/);
    expect(text).not.toContain(' 100 ');
  });

  it('does not get it by another interim answer', async () => {
    const stage = await stageBefore((socket, text) => {
      if (!text.endsWith('\r\n\r\n')) return;
      socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n');
      socket.write(ok('unread'));
    });
    const client = openConnection(stage.target);
    client.write(HEAD);
    expect(await client.closed).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('keeps its connection where it has no body to hold back', async () => {
    const stage = await stageBefore(ok('hello'));
    const client = openConnection(stage.target);
    client.write('GET /1 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n');
    client.write('GET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect((await client.closed).match(/200 OK/g)).toHaveLength(2);
  });

  it('may send its body without waiting', async () => {
    const stage = await stageBefore(
      (socket, text) => void (text.endsWith('abc') && socket.write(ok('done'))),
    );
    const client = openConnection(stage.target);
    client.write(`${HEAD}abc`);
    await client.until('done');
    client.end();
    expect(await stage.released()).toBe('answered');
  });

  it.each([
    ['a refusal of the group', {}, 503],
    [
      'a closed door',
      {
        route: wsgiRoute({ access: { kind: 'denied', rule: { severity: 'error', id: 'a', message: 'b' } } }),
      },
      403,
    ],
  ] as const)('gets no 100 before %s', async (_, parts, status) => {
    const stage = await startStage(parts);
    const client = openConnection(stage.target);
    client.write(HEAD);
    const text = await client.closed;
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(text).not.toContain(' 100 ');
    await stage.close();
  });

  it('is cut off when its process dies in the middle of the answer', async () => {
    const stage = await stageBefore((socket, text) => {
      if (text.endsWith('\r\n\r\n')) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nhalf');
    });
    const client = openConnection(stage.target);
    client.write(HEAD);
    await client.closed;
    expect(await stage.observed()).toMatchObject({ reason: 'upstream_truncated' });
    expect(stage.outcomes).toEqual(['failed']);
  });

  it('ends its upstream request when it goes', async () => {
    const stage = await stageBefore(() => {});
    const client = openConnection(stage.target);
    client.write(HEAD);
    await expect.poll(() => stage.recorder.received.length).toBe(1);
    client.end();
    expect(await stage.released()).toBe('abandoned');
  });

  it('is tried again when no connection could be made', async () => {
    const good = await stageBefore(
      (socket, text) => void (text.endsWith('\r\n\r\n') && socket.write(ok('done'))),
    );
    const dead = {
      pid: 1,
      socketPath: '/nonexistent.sock',
      threads: 1,
      closed: new AbortController().signal,
    };
    const upstreams = [dead, good.recorder.upstream];
    const stage = await startStage({
      acquire: () => ({ kind: 'lease', upstream: upstreams.shift() ?? dead, queuedMs: 0, release() {} }),
    });
    const client = openConnection(stage.target);
    client.write(HEAD);
    await client.until('done');
    client.end();
    await stage.close();
  });

  it.each([
    [
      'a redirect',
      'POST /app',
      { route: { kind: 'redirect', status: 302, location: 'http://a/b' } as const },
    ],
    ['the answer to OPTIONS *', 'OPTIONS *', {}],
  ])('has to connect anew behind %s: whether its body comes is not known', async (_, asked, parts) => {
    const stage = await startStage(parts as Parameters<typeof startStage>[0]);
    const client = openConnection(stage.target);
    client.write(`${asked} HTTP/1.1\r\nHost: a\r\nContent-Length: 30\r\nExpect: 100-continue\r\n\r\n`);
    expect(await client.closed).toMatch(/\r\nConnection: close\r\n/);
    await stage.close();
  });
});
