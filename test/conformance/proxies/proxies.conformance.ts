/** What the suites of httpxy (unjs/httpxy) and http-proxy-3 (sagemathinc/http-proxy-3) hold a proxy to, asked of this one from outside. */
import { createServer } from 'node:net';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { NoRoute } from '../../../src/routing/route.ts';
import { ok, stageBefore, wsgiRoute } from '../../proxy/stage.ts';
import { exchange, openConnection, send } from '../../support/raw-http.ts';

const NONE: NoRoute = { kind: 'none', status: 404, reason: 'not_wsgi', message: '' };
const BROKEN = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf';

describe('a request', () => {
  it.each([
    '//a//b',
    '/a//b?c=//d',
    '/?a=b',
    '/',
    '/a/',
    '/a?http:\\\\b',
    '/a?x=http://b/c',
    '/a/%2e%2e/b',
    '/{a}|b',
  ])('keeps its target: %s', async (target) => {
    const stage = await stageBefore(ok('done'));
    await send(stage.target, target);
    expect(stage.recorder.received[0]?.split('\r\n')[0]).toBe(`GET ${target} HTTP/1.1`);
  });

  it('keeps the Host that the client sent', async () => {
    const stage = await stageBefore(ok('done'));
    await send(stage.target, '/', { headers: { Host: 'other.test:8080' } });
    expect(stage.recorder.received[0]).toMatch(/^host: other\.test:8080\r$/im);
  });

  it('carries a chunked body of OPTIONS whole', async () => {
    const stage = await stageBefore(
      (socket, text) => void (text.endsWith('0\r\n\r\n') && socket.write(ok('done'))),
      {
        route: wsgiRoute({}, { chunkedRequest: true }),
      },
    );
    const client = openConnection(stage.target);
    client.write('OPTIONS /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n');
    await client.until('done');
    expect(stage.recorder.received[0]).toMatch(/\r\n3\r\nabc\r\n0\r\n\r\n$/);
    client.end();
  });

  it.each([
    ['DELETE', 'keep-alive'],
    ['DELETE', 'keep-alive, upgrade'],
    ['DELETE', 'Transfer-Encoding, upgrade'],
    ['OPTIONS', 'Transfer-Encoding, upgrade'],
  ])(
    'of %s that hides another in its chunks stays one, whatever Connection names: %s',
    async (method, named) => {
      const stage = await stageBefore(
        (socket, text) => void (text.endsWith('0\r\n\r\n') && socket.write(ok('done'))),
        { route: wsgiRoute({}, { chunkedRequest: true }) },
      );
      const hidden = 'GET /secret HTTP/1.1\r\nHost: a\r\n\r\n';
      const client = openConnection(stage.target);
      client.write(
        `${method} /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: ${named}\r\n\r\n` +
          `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`,
      );
      await client.until('done');
      client.end();
      expect(stage.requests).toHaveLength(1);
      const [head = '', ...body] = (stage.recorder.received[0] ?? '').split('\r\n\r\n');
      expect(head).toMatch(/\r\ntransfer-encoding: chunked/i);
      expect(head).not.toMatch(/^(?:content-length|upgrade):/im);
      expect(body.join('\r\n\r\n')).toBe(`${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`);
    },
  );

  it('carries a long body whole, with its length', async () => {
    const body = Array.from({ length: 60_000 }, (_, i) => `${i}\n`).join('');
    const stage = await stageBefore(
      (socket, text) => void (text.endsWith('59999\n') && socket.write(ok('done'))),
    );
    expect((await send(stage.target, '/', { method: 'POST', body })).text()).toBe('done');
    const text = stage.recorder.received[0] ?? '';
    expect(text).toMatch(new RegExp(`^content-length: ${body.length}\\r$`, 'im'));
    expect(text.slice(text.indexOf('\r\n\r\n') + 4)).toBe(body);
  });

  it('keeps what it says of codings and cookies', async () => {
    const stage = await stageBefore(ok('done'));
    const headers = { 'Accept-Encoding': 'gzip, br', Cookie: 'a=1; b="2"' };
    await send(stage.target, '/', { headers });
    expect(stage.recorder.received[0]).toMatch(/^accept-encoding: gzip, br\r$/im);
    expect(stage.recorder.received[0]).toMatch(/^cookie: a=1; b="2"\r$/im);
  });

  it('reaches an upstream at an IPv6 address, with the Host that the client sent', async () => {
    let seen = '';
    const server = createServer((socket) =>
      socket.on('data', (bytes: Buffer) => {
        seen += bytes.toString('latin1');
        socket.end(ok('done'));
      }),
    );
    await new Promise<void>((resolve) => server.listen(0, '::1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { readonly port: number };
    const stage = await stageBefore(ok('wrong'), { route: NONE, front: { legacy: `http://[::1]:${port}` } });
    expect((await send(stage.target, '/', { headers: { Host: 'other.test:81' } })).text()).toBe('done');
    expect(seen).toMatch(/^host: other\.test:81\r$/im);
  });

  it('is ended upstream when its client leaves', async () => {
    const stage = await stageBefore(() => {});
    const client = openConnection(stage.target);
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await expect.poll(() => stage.recorder.received.length).toBe(1);
    client.end();
    expect(await stage.released()).toBe('abandoned');
  });
});

describe('an answer', () => {
  it.each([
    ['HTTP/1.1 200 Hello There', 200, 'Hello There'],
    ['HTTP/1.1 201 ', 201, ''],
    ['HTTP/1.1 302 Found', 302, 'Found'],
    ['HTTP/1.1 599 Odd', 599, 'Odd'],
  ])('keeps its status: %s', async (line, status, reason) => {
    const stage = await stageBefore(
      `${line}\r\nLocation: http://elsewhere.test/\r\nContent-Length: 0\r\n\r\n`,
    );
    const answer = await send(stage.target, '/');
    expect(answer).toMatchObject({ status, reason });
    expect(answer.header('location')).toBe('http://elsewhere.test/');
  });

  it.each([301, 302, 307, 308])('of %d is the client’s to follow', async (status) => {
    const head = `HTTP/1.1 ${status} There\r\nLocation: //127.0.0.1/b?c\r\nContent-Length: 0\r\n\r\n`;
    const stage = await stageBefore(
      (socket, text) => void (text.endsWith('\r\n\r\nabc') && socket.write(head)),
    );
    const answer = await send(stage.target, '/a', { method: 'POST', body: 'abc' });
    expect([answer.status, answer.header('location')]).toEqual([status, '//127.0.0.1/b?c']);
    expect(stage.recorder.received).toHaveLength(1);
  });

  it('keeps what its cookies are for, and the coding of its body', async () => {
    const body = gzipSync('hello').toString('latin1');
    const cookie = 'a=1; Domain=inside.test; Path=/inside; Secure';
    const stage = await stageBefore(
      `HTTP/1.1 200 OK\r\nSet-Cookie: ${cookie}\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    const answer = await send(stage.target, '/');
    expect([answer.header('set-cookie'), answer.header('content-encoding')]).toEqual([cookie, 'gzip']);
    expect(gunzipSync(answer.body).toString()).toBe('hello');
  });

  it('keeps the case of its names and every one of its cookies', async () => {
    const stage = await stageBefore(
      'HTTP/1.1 200 OK\r\nX-ODD-Case: 1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n',
    );
    const { headers } = await send(stage.target, '/');
    expect(headers).toEqual(expect.arrayContaining([['X-ODD-Case', '1']]));
    expect(headers.filter(([name]) => name === 'Set-Cookie').map(([, value]) => value)).toEqual([
      'a=1',
      'b=2',
    ]);
  });

  it.each([
    ['no name', ': a'],
    ['a control character', 'X: a\x01b'],
    ['a blank in its name', 'X Y: a'],
  ])('with a field of %s is a 502, and the sidecar goes on', async (_, field) => {
    let isBroken = true;
    const stage = await stageBefore((socket) => {
      socket.write(isBroken ? `HTTP/1.1 200 OK\r\n${field}\r\nContent-Length: 0\r\n\r\n` : ok('done'));
    });
    expect((await send(stage.target, '/')).status).toBe(502);
    isBroken = false;
    expect((await send(stage.target, '/')).text()).toBe('done');
  });

  it.each([
    [204, ''],
    [304, ''],
    [204, 'Transfer-Encoding: chunked\r\n'],
    [204, 'Content-Length: 0\r\n'],
    [304, 'Transfer-Encoding: chunked\r\n'],
  ])('of %d has no framing of its own: %j', async (status, field) => {
    const stage = await stageBefore(`HTTP/1.1 ${status} Some\r\n${field}\r\n`);
    const answer = await send(stage.target, '/');
    expect(answer.status).toBe(status);
    expect(answer.header('transfer-encoding')).toBeUndefined();
    expect(answer.header('content-length')).toBeUndefined();
  });

  it('in chunks has chunks for HTTP/1.1 and none for HTTP/1.0', async () => {
    const stage = await stageBefore(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    );
    expect(await send(stage.target, '/')).toMatchObject({ end: 'chunked' });
    const old = await send(stage.target, '/', { minorVersion: 0 });
    expect(old.header('transfer-encoding')).toBeUndefined();
    expect(old.text()).toBe('abc');
  });

  it('to HEAD has no body and keeps its length', async () => {
    const stage = await stageBefore('HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n');
    const answer = await send(stage.target, '/', { method: 'HEAD' });
    expect(answer.header('content-length')).toBe('1234');
  });

  it.each([
    ['HTTP/1.0', '', 'close'],
    ['HTTP/1.0', 'Connection: keep-alive\r\n', 'keep-alive'],
    ['HTTP/1.1', 'Connection: close\r\n', 'close'],
    ['HTTP/1.1', '', 'keep-alive'],
  ])('says of %s %j that its connection is: %s', async (version, field, connection) => {
    const stage = await stageBefore(ok('done'));
    const answer = await exchange(stage.target, `GET / ${version}\r\nHost: a\r\n${field}\r\n`);
    expect(answer.header('connection')?.toLowerCase()).toBe(connection);
  });

  it('passes on piece by piece', async () => {
    let tellMore: (() => void) | undefined;
    const stage = await stageBefore((socket) => {
      socket.write(
        'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n',
      );
      socket.write('9\r\ndata: 1\n\n\r\n');
      tellMore = () => socket.write('9\r\ndata: 2\n\n\r\n0\r\n\r\n');
    });
    const client = openConnection(stage.target);
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.until('data: 1');
    tellMore?.();
    await client.until('data: 2');
    client.end();
  });

  it('in pieces that breaks off ends with them', async () => {
    const stage = await stageBefore(
      (socket) =>
        void socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n', () =>
          socket.destroy(),
        ),
    );
    const answer = await send(stage.target, '/').catch(() => undefined);
    expect([undefined, 'cut']).toContain(answer?.end);
    expect(await stage.observed()).toMatchObject({ reason: 'upstream_truncated' });
  });

  it('that breaks off ends the client’s connection, and is not whole', async () => {
    const stage = await stageBefore((socket) => void socket.end(BROKEN));
    const client = openConnection(stage.target);
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await client.closed).not.toContain('0\r\n\r\n');
  });

  it('that does not come in time is a 504', async () => {
    const stage = await stageBefore(() => {}, { responseTimeoutMs: 50 });
    expect((await send(stage.target, '/')).status).toBe(504);
  });

  it('that never begins because the upstream is gone is a 502', async () => {
    const stage = await stageBefore((socket) => void socket.destroy());
    expect((await send(stage.target, '/', { method: 'POST', body: 'a' })).status).toBe(502);
  });
});
