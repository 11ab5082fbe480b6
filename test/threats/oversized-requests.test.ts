/** Heads and bodies have an end that the operator knows. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ok, stageBefore, wsgiRoute } from '../proxy/stage.ts';
import { openConnection, openSocket, send } from '../support/raw-http.ts';
import { expectRefusal, LAST, statusesOf } from './refusal.ts';

describe('a head that is too long', () => {
  it.each([
    ['a request line', `GET /${'a'.repeat(9000)} HTTP/1.1${LAST}`, 414, 'target'],
    ['a field', `GET / HTTP/1.1\r\nX-A: ${'a'.repeat(17_000)}${LAST}`, 431, 'header_too_big'],
    ['many fields', `GET / HTTP/1.1\r\n${'X-A: b\r\n'.repeat(150)}${LAST.slice(2)}`, 431, 'header_too_big'],
    [
      'a head without an end',
      `GET / HTTP/1.1\r\n${`X-A: ${'a'.repeat(8000)}\r\n`.repeat(10)}`,
      431,
      'header_too_big',
    ],
  ])('is refused: %s', (_, bytes, status, reason) => expectRefusal(bytes, { status, reason }));

  it('is refused as a request line where the parser gives up in one', () =>
    expectRefusal(
      `GET /${'a'.repeat(20_000)} HTTP/1.1${LAST}`,
      { status: 414, reason: 'target' },
      { front: { limits: { headBytes: 16_384 } } },
    ));

  it.each([
    ['the first on its connection', ''],
    ['behind an answer', `GET / HTTP/1.1\r\nHost: a\r\n\r\n`],
  ])('is refused as a request line where that comes in several reads: %s', async (_, before) => {
    const stage = await stageBefore(ok('hello'));
    const client = openConnection(stage.target);
    client.write(before);
    if (before !== '') await client.until('hello');
    await client.flush(`GET /${'a'.repeat(30_000)}`);
    await client.flush('a'.repeat(30_000));
    await client.flush('a'.repeat(30_000));
    expect(statusesOf(await client.closed).at(-1)).toBe(414);
    expect(stage.observations.at(-1)).toMatchObject({ status: 414, reason: 'target' });
  });

  it('is refused as a request line where that stands behind another request', async () => {
    const stage = await stageBefore(ok('hello'));
    const client = openConnection(stage.target);
    await client.flush(`GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /${'a'.repeat(30_000)}`);
    await client.flush('a'.repeat(30_000));
    await client.flush('a'.repeat(30_000));
    expect(statusesOf(await client.closed)).toEqual([200, 414]);
  });

  it('is refused as fields where a piece of one looks like a request line', async () => {
    const stage = await stageBefore(ok('hello'));
    const client = openConnection(stage.target);
    await client.flush(`GET / HTTP/1.1\r\nHost: a\r\n${`X-A: ${'a'.repeat(8000)}\r\n`.repeat(8)}X-B: `);
    await client.flush(`GET ${'a'.repeat(30_000)}`);
    expect(statusesOf(await client.closed)).toEqual([431]);
    expect(await stage.observed()).toMatchObject({ status: 431, reason: 'header_too_big' });
  });

  it('is refused by the limits of the settings', () =>
    expectRefusal(
      `GET / HTTP/1.1\r\nX-A: ${'a'.repeat(100)}${LAST}`,
      { status: 431, reason: 'header_too_big' },
      { front: { limits: { head: { requestLineBytes: 8190, headers: 2, headerFieldBytes: 8190 } } } },
    ));
});

describe('a body that is too long', () => {
  const limited = { route: wsgiRoute({}, { bodyLimitBytes: 10, chunkedRequest: true }) };

  it('is measured as it came: nothing is unpacked here', async () => {
    const stage = await stageBefore(
      (socket, text) => void (!text.endsWith('\r\n\r\n') && socket.write(ok('hello'))),
      { route: wsgiRoute({}, { bodyLimitBytes: 100_000 }) },
    );
    const bomb = gzipSync(Buffer.alloc(2 ** 20));
    const headers = { 'Content-Encoding': 'gzip' };
    expect((await send(stage.target, '/', { method: 'POST', headers, body: bomb })).status).toBe(200);
    expect(stage.recorder.received.join('')).toMatch(/^content-encoding: gzip\r$/im);
    expect(stage.recorder.received.join('').endsWith(bomb.toString('latin1'))).toBe(true);
  });

  it('is refused by its length, before anybody has to read it', () =>
    expectRefusal(
      `POST / HTTP/1.1\r\nContent-Length: 11${LAST}12345678901`,
      { status: 413, reason: 'body_too_large' },
      limited,
    ));

  it.each([
    ['its length', 'Content-Length: 10', '1234567890'],
    ['its chunks', 'Transfer-Encoding: chunked', 'a\r\n1234567890\r\n0\r\n\r\n'],
  ])('is one that is longer than the limit, and not as long: by %s', async (_, field, body) => {
    const answerWhole = (socket: Socket, text: string): void => {
      if (/1234567890(?:\r\n0\r\n\r\n)?$/.test(text)) socket.write(ok('hello'));
    };
    const stage = await stageBefore(answerWhole, limited);
    const client = openConnection(stage.target);
    client.write(`POST / HTTP/1.1\r\n${field}${LAST}${body}`);
    expect(statusesOf(await client.closed)).toEqual([200]);
  });

  it('is refused by the settings where Apache says nothing', () =>
    expectRefusal(
      `POST / HTTP/1.1\r\nContent-Length: 11${LAST}12345678901`,
      { status: 413, reason: 'body_too_large' },
      { front: { limits: { bodyBytes: 10 } } },
    ));

  it('passes where Apache says 0, whatever the settings say', async () => {
    const stage = await stageBefore(
      (socket, text) => void (text.endsWith('01') && socket.write(ok('hello'))),
      {
        route: wsgiRoute({}, { bodyLimitBytes: 0 }),
        front: { limits: { bodyBytes: 10 } },
      },
    );
    const client = openConnection(stage.target);
    client.write(`POST / HTTP/1.1\r\nContent-Length: 11${LAST}12345678901`);
    expect(statusesOf(await client.closed)).toEqual([200]);
  });

  it('is refused in the middle of its chunks', async () => {
    const stage = await stageBefore(() => {}, limited);
    const client = openConnection(stage.target);
    client.write(`POST / HTTP/1.1\r\nTransfer-Encoding: chunked${LAST}6\r\n123456\r\n`);
    await expect.poll(() => stage.recorder.received.length).toBe(1);
    client.write('6\r\n123456\r\n');
    expect(statusesOf(await client.closed)).toEqual([413]);
    expect(await stage.observed()).toMatchObject({ status: 413, reason: 'body_too_large' });
    expect(await stage.released()).toBe('abandoned');
    expect(stage.recorder.received.join('')).not.toMatch(/123456.*123456/s);
  });

  it('is answered where the client reads only when it has sent', async () => {
    const stage = await stageBefore(ok('hello'), limited);
    const size = 8 * 2 ** 20;
    const socket = openSocket(stage.target).on('error', () => {});
    socket.pause();
    let text = '';
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
    });
    socket.pause();
    socket.write(`POST / HTTP/1.1\r\nContent-Length: ${size}${LAST}`);
    await new Promise<void>((resolve) => socket.write(Buffer.alloc(size), () => resolve()));
    socket.resume();
    await once(socket, 'close');
    expect(statusesOf(text)).toEqual([413]);
  });
});
