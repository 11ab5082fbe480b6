/** Who is to blame for silence while a body is on its way: whose turn it is. */
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { openConnection } from '../support/raw-http.ts';
import { ok, type Stage, stageBefore } from './stage.ts';

const SILENT_MS = 100;
/** Too long to be waited for before a process is asked. */
const LENGTH = 100_000;
const HEAD = `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${LENGTH}\r\n`;

async function stageOf(serve: (socket: Socket, text: string) => void): Promise<Stage> {
  return stageBefore(serve, { responseTimeoutMs: SILENT_MS });
}

const untilSilent = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 3 * SILENT_MS));

describe('an upstream that waits for a body', () => {
  const answerWhole = (socket: Socket, text: string): void => {
    if (text.endsWith('end')) socket.write(ok('got it'));
  };

  it('is not to blame for a client that takes longer than it may itself', async () => {
    const stage = await stageOf(answerWhole);
    const client = openConnection(stage.target);
    client.write(`${HEAD}\r\n`);
    await untilSilent();
    client.write('x'.repeat(LENGTH / 2));
    await untilSilent();
    client.write(`${'x'.repeat(LENGTH / 2 - 3)}end`);
    expect(await client.closed).toContain('got it');
    expect(await stage.released()).toBe('answered');
  });

  it('is not to blame once it has asked for a body that its client held back', async () => {
    const stage = await stageOf((socket, text) => {
      if (text.endsWith('\r\n\r\n')) socket.write('HTTP/1.1 102 Processing\r\n\r\n');
      else answerWhole(socket, text);
    });
    const client = openConnection(stage.target);
    client.write(`${HEAD}Expect: 100-continue\r\n\r\n`);
    await client.until('100 Continue');
    await untilSilent();
    client.write(`${'x'.repeat(LENGTH - 3)}end`);
    expect(await client.closed).toContain('got it');
  });

  it.each([
    ['it has got all of it', HEAD, 'x'.repeat(LENGTH)],
    ['it does not read', HEAD.replace(String(LENGTH), String(2 ** 24)), 'x'.repeat(2 ** 23)],
    ['it has not asked for it', `${HEAD}Expect: 100-continue\r\n`, ''],
  ])('is to blame for its silence where %s', async (why, head, body) => {
    const stage = await stageOf((socket) => void (why === 'it does not read' && socket.pause()));
    const client = openConnection(stage.target);
    client.write(`${head}\r\n${body}`);
    await client.until('504 Gateway Timeout');
    expect(await stage.observed()).toMatchObject({ reason: 'upstream_timeout' });
    expect(await stage.released()).toBe('failed');
    client.end();
  });
});
