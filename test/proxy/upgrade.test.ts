/** Handshakes that are answered as plain HTTP: what guards an answer guards theirs. */
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Upstream } from '../../src/groups/lease.ts';
import type { FrontLimits } from '../../src/proxy/limits.ts';
import { exchange, openConnection, openSocket } from '../support/raw-http.ts';
import { answering, ok, type Stage, stageBefore } from './stage.ts';

const H2C = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n';
const WEB_SOCKET = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhl\r\n';
const FOREIGN = { keepsConnections: true, wantsForwarding: false, trustClose: false, upgrades: true };

/** Answers with more than anybody keeps for a client. */
function pour(socket: Socket): void {
  socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${2 ** 30}\r\n\r\n`);
  const pump = (): void => {
    while (socket.writable && socket.write(Buffer.alloc(65_536)));
  };
  socket.on('drain', pump);
  pump();
}

const KINDS: readonly (readonly [string, string, { readonly foreign?: typeof FOREIGN }])[] = [
  ['h2c', H2C, {}],
  ['a WebSocket that its process cannot take', WEB_SOCKET, {}],
  ['a WebSocket that its upstream refuses', WEB_SOCKET, { foreign: FOREIGN }],
];

async function stageOf(
  serve: (socket: Socket, text: string) => void,
  parts: Partial<Upstream>,
  limits: Partial<FrontLimits> = {},
): Promise<Stage> {
  const stage = await stageBefore(serve, {
    front: { limits },
    acquire: () => ({
      kind: 'lease',
      upstream: { ...stage.recorder.upstream, ...parts },
      queuedMs: 0,
      release() {},
    }),
  });
  return stage;
}

describe('a handshake that is answered as plain HTTP', () => {
  it.each(KINDS)('loses its connection when it takes nothing of the answer: %s', async (_, fields, parts) => {
    const stage = await stageOf(pour, parts, { sendTimeoutMs: 100 });
    const socket = openSocket(stage.target);
    socket.write(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
    expect(await stage.observed()).toMatchObject({ reason: 'send_timeout', endedBy: 'send_timeout' });
    socket.destroy();
  });

  it.each(KINDS)(
    'gets an answer whole that is longer than what a socket keeps: %s',
    async (_, fields, parts) => {
      const body = 'x'.repeat(8 * 2 ** 20);
      const stage = await stageOf(answering(ok(body)), parts);
      const answer = await exchange(stage.target, `GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
      expect([answer.status, answer.body.length]).toEqual([200, body.length]);
    },
  );

  it.each(KINDS)('is given up when its client leaves while it is worked on: %s', async (_, fields, parts) => {
    const outcomes: string[] = [];
    const ended: Promise<void>[] = [];
    const stage = await stageBefore(
      (socket) => void ended.push(new Promise((resolve) => socket.once('close', () => resolve()))),
      {
        acquire: () => ({
          kind: 'lease',
          upstream: { ...stage.recorder.upstream, ...parts },
          queuedMs: 0,
          release: (outcome) => void outcomes.push(outcome),
        }),
      },
    );
    const client = openConnection(stage.target);
    client.write(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
    await expect.poll(() => ended).toHaveLength(1);
    client.end();
    expect(await stage.observed()).toMatchObject({ aborted: true, reason: 'client_gone' });
    await ended[0];
    expect(outcomes).toEqual(['abandoned']);
  });

  it.each([
    ['h2c', `${H2C}Connection: close\r\n`],
    ['a WebSocket', WEB_SOCKET],
  ])('has all the time that its application takes, behind an answer too: %s', async (_, fields) => {
    let slow: Socket | undefined;
    const stage = await stageBefore(
      (socket, text) => {
        if (text.includes('GET /slow')) slow = socket;
        else socket.write(ok('first'));
      },
      { front: { limits: { keepAliveTimeoutMs: 50 } } },
    );
    const client = openConnection(stage.target);
    const closed = client.closed.then((text) => text.slice(-6));
    client.write(`GET /first HTTP/1.1\r\nHost: a\r\n\r\nGET /slow HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
    await expect.poll(() => slow).toBeDefined();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    slow?.write(ok('second'));
    expect(await closed).toBe('second');
  });
});
