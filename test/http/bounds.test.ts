/** What a client that sends without end can make the server take in: counted on the server's socket. */
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { ClientResponse } from '../../src/http/client-response.ts';
import { settled } from '../support/settled.ts';
import { answerWith, echo, frame, openClient, openStage, type Stage } from './stage.ts';

/** What is kept (16 KiB), what one read may bring over that (64 KiB), and as much again that was under way. */
const BOUND = 16_384 + 2 * 65_536;
const FLOOD = 4_000_000;

const get = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;

/** Resolves when nothing more of a flood is taken in; with how much was. */
async function takenIn({ connections }: Stage): Promise<number> {
  const socket = connections[0]?.socket as Socket;
  await settled(() => socket.bytesRead);
  return socket.bytesRead;
}

describe('reading stops', () => {
  it('at a bound behind a request under way, and goes on when it has its answer', async () => {
    const stage = await openStage();
    const client = openClient(stage);
    const count = 5_000;
    const rest = Array.from({ length: count }, (_, i) => get(`/${i}/${'x'.repeat(150)}`));
    client.write(get('/first') + rest.join(''));
    const first = await stage.turn();
    await stage.until('held');
    expect(await takenIn(stage)).toBeLessThan(BOUND);
    echo(first);
    for (let i = 0; i < count; i += 1) {
      const turn = await stage.turn();
      if (!turn.request.target.startsWith(`/${i}/`)) throw new Error(`${turn.request.target} is not in turn`);
      echo(turn);
    }
  });

  it.each([
    ['of a length', `Content-Length: ${FLOOD}`, ''],
    ['in chunks', 'Transfer-Encoding: chunked', `${FLOOD.toString(16)}\r\n`],
  ])(
    'at a bound of a body that nobody reads, %s, and goes on when it is thrown away',
    async (_, field, size) => {
      const stage = await openStage();
      const client = openClient(stage);
      client.write(`POST /a HTTP/1.1\r\n${field}\r\n\r\n${size}${'x'.repeat(FLOOD)}`);
      if (size !== '') client.write('\r\n0\r\n\r\n');
      client.write(get('/b'));
      const turn = await stage.turn();
      frame(turn.request);
      await stage.until('held');
      expect(await takenIn(stage)).toBeLessThan(BOUND);
      turn.response.writeHead(200, 'OK', ['Content-Length', '0']);
      turn.response.end();
      await stage.until('request /b');
      expect(stage.told).toEqual(['request /a', 'held', 'read on', 'request /b']);
    },
  );

  it('at a bound before a body is framed, and goes on when it is read', async () => {
    const stage = await openStage();
    const client = openClient(stage);
    client.write(`POST /a HTTP/1.1\r\nContent-Length: ${FLOOD}\r\n\r\n${'x'.repeat(FLOOD)}`);
    const { request } = await stage.turn();
    await stage.until('held');
    expect(await takenIn(stage)).toBeLessThan(BOUND);
    frame(request);
    let size = 0;
    for await (const piece of request.body ?? []) size += (piece as Buffer).length;
    expect(size).toBe(FLOOD);
  });

  it('while an answer is not taken, so that no more requests are begun', async () => {
    const body = Buffer.alloc(300_000);
    let last: ClientResponse | undefined;
    const stage = await openStage((turn) => {
      last = turn.response;
      answerWith(body)(turn);
    });
    const client = openClient(stage);
    client.socket.pause();
    const count = 500;
    client.write(Array.from({ length: count }, () => get(`/${'x'.repeat(1_000)}`)).join(''));
    await stage.until('held');
    await settled(() => stage.told.length);
    expect(last?.isFinished).toBe(false);
    expect(last?.writableLength).toBeLessThan(2 * body.length);
    expect(stage.told.filter((line) => line.startsWith('request')).length).toBeLessThan(count / 2);
  });

  it('nowhere behind a refusal: what comes is thrown away until the connection ends', async () => {
    const stage = await openStage();
    const client = openClient(stage);
    client.write(`(NONE) / HTTP/1.1\r\n\r\n${'x'.repeat(FLOOD)}`);
    expect(await client.ended).toBe('end');
    await new Promise<void>((resolve) => client.socket.end(resolve));
    expect(client.socket.bytesWritten).toBeGreaterThan(FLOOD);
    expect(stage.told).toEqual(['refused line']);
  });
});
