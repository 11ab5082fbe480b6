/** A client that breaks its connection off at the worst moment harms nobody else. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ok, stageBefore } from '../proxy/stage.ts';
import { exchange, openSocket } from '../support/raw-http.ts';
import { LAST, statusesOf } from './refusal.ts';

const SLOW = 'GET /slow HTTP/1.1\r\nHost: a\r\n\r\n';
const UPGRADE = 'Host: a\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AA\r\nUpgrade: ';

describe('a client that sends on and reads only then', () => {
  const MORE = `GET /more HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(250_000);

  it.each([
    ['the refusal of bytes that are no request', 'NO REQUEST\r\n\r\n', [400]],
    ['a refusal', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', [400]],
    ['the last answer of its connection', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', [200]],
    ['the last answer that its connection may have', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', [200]],
  ])('gets %s whole', async (_, first, statuses) => {
    const stage = await stageBefore(ok('hello'), { front: { limits: { requestsPerConnection: 1 } } });
    const socket = openSocket(stage.target).on('error', () => {});
    let text = '';
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
    });
    socket.pause();
    const isSent = new Promise<unknown>((resolve) => socket.write(`${first}${MORE}`, resolve));
    expect(await isSent).toBeFalsy();
    socket.resume();
    await once(socket, 'close');
    expect(statusesOf(text)).toEqual(statuses);
  });
});

describe('a client that sends on without end behind its last answer', () => {
  it('is cut off', async () => {
    const stage = await stageBefore(ok('hello'));
    const { port } = stage.target as { readonly port: number };
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const ended = once(socket, 'end');
    socket.on('error', () => {}).resume();
    socket.write('NO REQUEST\r\n\r\n');
    await ended;
    const sending = setInterval(() => socket.write('more'), 20);
    onTestFinished(() => clearInterval(sending));
    await new Promise<void>((resolve) => socket.once('close', () => resolve()));
    expect((await exchange(stage.target, `GET / HTTP/1.1${LAST}`)).status).toBe(200);
  });
});

describe('a connection that is reset while its first request is under way', () => {
  it.each([
    ['a tunnel', 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n'],
    ['an upgrade to h2c', `GET / HTTP/1.1\r\n${UPGRADE}h2c\r\n\r\n`],
    ['a WebSocket', `GET / HTTP/1.1\r\n${UPGRADE}websocket\r\nSec-WebSocket-Key: dGhl\r\n\r\n`],
    ['bytes that are no request', '\x16\x03\x01\r\n\r\n'],
    ['an expectation', `GET / HTTP/1.1\r\nExpect: x${LAST}`],
    ['half a request', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc'],
  ])('with %s behind it ends alone', async (_, behind) => {
    let asked: () => void = () => undefined;
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const stage = await stageBefore((socket, text) => {
      if (text.startsWith('GET /slow')) asked();
      else socket.write(ok('hello'));
    });
    const client = openSocket(stage.target).on('error', () => {});
    client.write(`${SLOW}${behind}`, 'latin1');
    await isAsked;
    client.resetAndDestroy();
    expect(await stage.released()).toBe('abandoned');
    expect((await exchange(stage.target, `GET / HTTP/1.1${LAST}`)).status).toBe(200);
  });
});
