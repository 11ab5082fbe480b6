/** What the suites of httpxy (unjs/httpxy) and http-proxy-3 (sagemathinc/http-proxy-3) hold a proxy to, asked of this one from outside. */
import { describe, expect, it } from 'vitest';
import { ok, stageBefore, wsgiRoute } from '../../proxy/stage.ts';
import { exchange, openConnection, send } from '../../support/raw-http.ts';

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

  it.each([[204], [304]])('of %d has no framing of its own', async (status) => {
    const stage = await stageBefore(`HTTP/1.1 ${status} Some\r\n\r\n`);
    const answer = await send(stage.target, '/');
    expect(answer.status).toBe(status);
    expect(answer.header('transfer-encoding')).toBeUndefined();
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
