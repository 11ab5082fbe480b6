/** Requests that crash or mislead plain http-proxy on Node's parser. Each is sent as bytes; after each the front still serves. */
import { describe, expect, it } from 'vitest';
import { exchange, openConnection } from '../support/raw-http.ts';
import { headersOf, ok, stageBefore } from './stage.ts';

const after = '\r\nHost: a\r\nConnection: close\r\n\r\n';
const statusesOf = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => Number(match[1]));

describe('a request that is refused', () => {
  it.each([
    ['an open bracket in the authority', `GET http://[bad/ HTTP/1.1${after}`, 400],
    ['a tunnel', 'CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n', 405],
    ['an unknown expectation', `GET / HTTP/1.1\r\nExpect: tea${after}`, 417],
    [
      'both framings',
      `POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked${after}0\r\n\r\n`,
      400,
    ],
    ['two lengths', `POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4${after}abc`, 400],
    ['a length with a sign', `POST / HTTP/1.1\r\nContent-Length: +3${after}abc`, 400],
    ['bare line feeds', 'GET / HTTP/1.1\nHost: a\n\n', 400],
    ['a folded header', `GET / HTTP/1.1\r\nX-A: b\r\n c${after}`, 400],
    ['a space before the colon', `GET / HTTP/1.1\r\nX-A : b${after}`, 400],
    ['a NUL in a header', `GET / HTTP/1.1\r\nX-A: b\0c${after}`, 400],
    ['HTTP/0.9', `GET / HTTP/0.9${after}`, 505],
    ['HTTP/2.0', `GET / HTTP/2.0${after}`, 505],
    ['two spaces behind the method', `GET  / HTTP/1.1${after}`, 400],
    ['two spaces behind the target', `GET /  HTTP/1.1${after}`, 400],
    ['another protocol', 'SSH-2.0-OpenSSH\r\n', 400],
    ['chunks in HTTP/1.0', `POST / HTTP/1.0\r\nTransfer-Encoding: chunked${after}0\r\n\r\n`, 400],
    ['TRACE', `TRACE / HTTP/1.1${after}`, 405],
    ['17 KiB of headers', `GET / HTTP/1.1\r\nX-A: ${'a'.repeat(17_000)}${after}`, 431],
    ['150 fields', `GET / HTTP/1.1\r\n${'X-A: b\r\n'.repeat(150)}Host: a\r\n\r\n`, 431],
    [
      'a second Host behind 3000 fields',
      `GET / HTTP/1.1\r\nHost: a\r\n${'a:\r\n'.repeat(3000)}Host: b\r\n\r\n`,
      431,
    ],
  ])('is %s', async (_, bytes, status) => {
    const stage = await stageBefore(ok('hello'));
    const client = openConnection(stage.target);
    client.write(bytes);
    const text = await client.closed;
    expect(statusesOf(text)).toEqual([status]);
    expect(text).toMatch(/\r\nConnection: close\r\n/i);
    expect(await stage.observed()).toMatchObject({ status, arm: 'own' });
    expect(stage.recorder.received).toEqual([]);
    expect((await exchange(stage.target, `GET / HTTP/1.1${after}`)).status).toBe(200);
  });
});

describe('a request that is served', () => {
  it.each([
    ['Trailer on GET', 'Trailer: X-A\r\n', ['trailer']],
    ['TE', 'TE: trailers\r\nConnection: TE\r\n', ['te']],
    ['Proxy', 'Proxy: http://evil.test\r\n', ['proxy']],
    [
      'names with underscores',
      'X_Remote_User: eve\r\nContent_Length: 7\r\n',
      ['x_remote_user', 'content_length'],
    ],
    [
      'our own names',
      'X-Sidecar-Expect: 100-continue\r\nx-sidecar-outcome: a\r\n',
      ['x-sidecar-expect', 'x-sidecar-outcome'],
    ],
  ])('comes without what %s would do', async (_, headers, absent) => {
    const stage = await stageBefore(ok('hello'));
    const answer = await exchange(stage.target, `GET / HTTP/1.1\r\n${headers}Host: a\r\n\r\n`);
    expect(answer.status).toBe(200);
    const sent = headersOf(stage.recorder.received[0] ?? '');
    for (const name of absent) expect([...sent.keys()]).not.toContain(name);
  });

  it.each([
    ['h2c', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n'],
    [
      'WebSocket',
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a\r\nSec-WebSocket-Version: 13\r\n',
    ],
  ])('is a plain one where it asks for an upgrade to %s', async (_, headers) => {
    const stage = await stageBefore(ok('hello'));
    const client = openConnection(stage.target);
    client.write(`GET /1 HTTP/1.1\r\nHost: a\r\n${headers}\r\n`);
    await stage.observed(0);
    client.write(`POST /2 HTTP/1.1\r\n${headers}Content-Length: 0\r\nHost: a\r\n\r\n`);
    await stage.observed(1);
    client.write(`GET /3 HTTP/1.1${after}`);
    expect(statusesOf(await client.closed)).toEqual([200, 200, 200]);
    expect(stage.recorder.received.join('')).not.toMatch(/^(?:upgrade|http2-settings):/im);
  });

  it('is unharmed by bytes behind the body of the one before', async () => {
    const stage = await stageBefore((socket, text) => {
      if (text.endsWith('abc') || text.endsWith('\r\n\r\n')) socket.write(ok('hello'));
    });
    const client = openConnection(stage.target);
    client.write(`POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.1${after}`);
    expect(statusesOf(await client.closed)).toEqual([200, 200]);
    expect(stage.requests.map((request) => request.target)).toEqual(['/1', '/2']);
  });
});

describe('a client that goes', () => {
  it.each([
    ['after half a body', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf'],
    ['with half a chunk', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
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
