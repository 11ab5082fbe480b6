/** The Apache that still answers what has not moved. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, createServer as createWire } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { NoRoute } from '../../src/routing/route.ts';
import { exchange, openConnection, send } from '../support/raw-http.ts';
import { ok, stageBefore, wsgiRoute } from './stage.ts';

const none = (reason: string, status = 404): NoRoute => ({ kind: 'none', status, reason, message: '' });

describe('the legacy upstream', () => {
  let server: Server;
  let legacy: string;
  let seen: { request: IncomingMessage; body: string }[];

  beforeEach(async () => {
    seen = [];
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += String(chunk);
      });
      request.on('end', () => {
        seen.push({ request, body });
        response.setHeader('x-sidecar-outcome', 'app-error').end('from Apache');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    legacy = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  });

  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  it('answers what the sidecar has no route for, unchanged', async () => {
    const stage = await stageBefore(ok('hello'), { route: none('not_wsgi'), front: { legacy } });
    const answer = await send(stage.target, '/a//b?c=%20', {
      headers: { Host: 'www.test:81', Authorization: 'Basic YTpi' },
    });
    expect(answer.text()).toBe('from Apache');
    expect(seen[0]?.request.url).toBe('/a//b?c=%20');
    expect(seen[0]?.request.headers).toMatchObject({
      host: 'www.test:81',
      authorization: 'Basic YTpi',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
    });
    expect(await stage.observed()).toMatchObject({ status: 200, arm: 'legacy', responseBytes: 11 });
  });

  it.each([
    ['bytes beyond ASCII', 'GET /\xe9%E9?\xff\xc3\xa9 HTTP/1.1'],
    ['a method that nobody knows', 'FOO /a HTTP/1.1'],
    ['a method of small letters', 'get /a HTTP/1.1'],
    ['a method of all that a token may be', "!#$%&'*+.^_`|~ /a HTTP/1.1"],
  ])('gets the request line byte for byte: %s', async (_, line) => {
    const got: string[] = [];
    const wire = createWire((socket) => {
      socket
        .on('error', () => {})
        .on('data', (bytes: Buffer) => {
          got.push(bytes.toString('latin1'));
          socket.end(ok('wire'));
        });
    });
    await new Promise<void>((resolve) => wire.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void wire.close());
    const { port } = wire.address() as AddressInfo;
    const front = { legacy: `http://127.0.0.1:${port}` };
    const stage = await stageBefore(ok('hello'), { route: none('not_wsgi'), front });
    const client = openConnection(stage.target);
    client.write(`${line}\r\nHost: a\r\nConnection: close\r\n\r\n`);
    expect(await client.closed).toContain('wire');
    expect(got.join('').split('\r\n')[0]).toBe(line);
    expect(got.join('')).not.toMatch(/content-length|transfer-encoding/i);
  });

  it.each([
    [undefined, 200, 'legacy'],
    ['legacy', 200, 'legacy'],
    ['404', 404, 'own'],
  ] as const)('gets what is unresolved unless 404 is wanted: %s', async (unresolved, status, arm) => {
    const front = { legacy, ...(unresolved === undefined ? {} : { unresolved }) };
    const stage = await stageBefore(ok('hello'), { route: none('unresolved'), front });
    expect((await send(stage.target, '/')).status).toBe(status);
    expect(await stage.observed()).toMatchObject({ status, arm });
  });

  it('gets what has no route but is not unresolved, whatever the rule for that is', async () => {
    const stage = await stageBefore(ok('hello'), {
      route: none('not_wsgi'),
      front: { legacy, unresolved: '404' },
    });
    expect((await send(stage.target, '/')).status).toBe(200);
  });

  it('gets bodies, chunked ones and those that wait for a 100 too', async () => {
    const stage = await stageBefore(ok('hello'), { route: none('not_wsgi'), front: { legacy } });
    await send(stage.target, '/', { method: 'POST', body: 'abc' });
    await send(stage.target, '/', { method: 'POST', body: 'def', headers: { Expect: '100-continue' } });
    await exchange(
      stage.target,
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nghi\r\n0\r\n\r\n',
      'POST',
    );
    expect(seen.map(({ body }) => body)).toEqual(['abc', 'def', 'ghi']);
  });

  it('learns the client from us, not from the client', async () => {
    const headers = {
      'X-Forwarded-For': '1.2.3.4',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'evil.test',
    };
    for (const [trustedProxies, expected] of [
      [[], ['127.0.0.1', 'http', undefined]],
      [['127.0.0.1'], ['1.2.3.4, 127.0.0.1', 'https', 'evil.test']],
    ] as const) {
      const stage = await stageBefore(ok('hello'), {
        route: none('not_wsgi'),
        front: { legacy, trustedProxies },
      });
      await send(stage.target, '/', { headers });
      const got = seen.at(-1)?.request.headers ?? {};
      expect([got['x-forwarded-for'], got['x-forwarded-proto'], got['x-forwarded-host']]).toEqual(expected);
    }
  });

  it.each([['bad_host'], ['target'], ['minted_port'], ['from_request']])(
    'is not asked about %s',
    async (reason) => {
      const stage = await stageBefore(ok('hello'), { route: none(reason, 421), front: { legacy } });
      expect((await send(stage.target, '/')).status).toBe(421);
      expect(seen).toEqual([]);
    },
  );

  it('answers for a mount whose protection is not enforced here, and not for one that is denied', async () => {
    const rule = { severity: 'error', id: 'a', message: 'b' } as const;
    const statuses = [];
    for (const kind of ['front-only', 'denied'] as const) {
      const stage = await stageBefore(ok('hello'), {
        route: wsgiRoute({ access: { kind, rule } }),
        front: { legacy },
      });
      statuses.push((await send(stage.target, '/')).status);
    }
    expect(statuses).toEqual([200, 403]);
  });

  it('is missing with 502', async () => {
    const stage = await stageBefore(ok('hello'), {
      route: none('not_wsgi'),
      front: { legacy: 'http://127.0.0.1:1' },
    });
    expect((await send(stage.target, '/')).status).toBe(502);
    expect(await stage.observed()).toMatchObject({ status: 502, reason: 'upstream_connect', arm: 'legacy' });
  });
});
