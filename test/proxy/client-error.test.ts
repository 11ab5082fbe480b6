/** Bytes that are no request, behind a head that was one. */
import { describe, expect, it } from 'vitest';
import type { RedirectRoute } from '../../src/routing/route.ts';
import { openConnection } from '../support/raw-http.ts';
import { stageBefore, startStage, wsgiRoute } from './stage.ts';

const REDIRECT = { kind: 'redirect', status: 302, location: 'http://a/b' } as RedirectRoute;

describe('refuseConnection()', () => {
  it('is not for a request whose chunks are broken: that one is answered, and told of once', async () => {
    const stage = await stageBefore(() => undefined, { route: wsgiRoute({}, { chunkedRequest: true }) });
    const client = openConnection(stage.target);
    client.write('POST /app HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
    await expect.poll(() => stage.requests.length).toBe(1);
    client.write('zz\r\n');
    const answer = await client.closed;
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    await stage.observed();
    const id = /^X-Request-Id: (.*)\r$/m.exec(answer)?.[1];
    expect(stage.observations).toMatchObject([{ status: 400, target: '/app', requestId: id }]);
    expect(stage.outcomes).toEqual(['abandoned']);
    expect(stage.logged.map(({ fields }) => fields)).toEqual([
      expect.objectContaining({ status: 400, request_id: id }),
    ]);
  });

  it('has an id of its own for bytes behind a request that came whole', async () => {
    const held: (() => void)[] = [];
    const stage = await stageBefore((socket, text) => {
      if (text.endsWith('\r\n\r\n'))
        held.push(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
    });
    const client = openConnection(stage.target);
    client.write('GET /app HTTP/1.1\r\nHost: a\r\n\r\n');
    await expect.poll(() => held.length).toBe(1);
    client.write('no request\r\n\r\n');
    held[0]?.();
    await client.closed;
    await stage.observed(1);
    expect(new Set(stage.observations.map(({ requestId }) => requestId)).size).toBe(2);
  });

  it('leaves an answer of our own whole that was there before the chunks behind its head were read', async () => {
    const stage = await startStage({ route: REDIRECT });
    const client = openConnection(stage.target);
    client.write(
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\nGET / HTTP/1.1\r\n\r\n',
    );
    expect(await client.closed).toMatch(/^HTTP\/1\.1 302 .*<\/html>\n$/s);
    expect(stage.observations).toMatchObject([{ status: 302, reason: undefined, aborted: false }]);
    await stage.close();
  });
});
