/** How long a client is waited for. Looks are taken ahead of time; that the clock takes them is shown once. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { answerWith, echo, echoLast, openClient, openStage, REFUSAL, type Stage, turns } from './stage.ts';

const GET = 'GET /a HTTP/1.1\r\n\r\n';
const LONG = { headTimeoutMs: 10_000, keepAliveTimeoutMs: 20_000 };

/** Has the first connection be looked at as if so much time had passed from now on. */
const lookAfter = ({ connections }: Stage, ms: number): void => connections[0]?.look(performance.now() + ms);

const isDestroyed = ({ connections }: Stage): boolean | undefined => connections[0]?.socket.destroyed;

describe('the time limit of a head', () => {
  it('holds for a client that sends nothing, and for half a head', async () => {
    for (const bytes of ['', 'GET /a HTTP/1.1\r\nA: ', '\r\n\r\n']) {
      const stage = await openStage(echo, LONG);
      const client = openClient(stage);
      await once(client.socket, 'connect');
      client.write(bytes);
      await turns();
      lookAfter(stage, 9_000);
      expect(stage.told).toEqual([]);
      lookAfter(stage, 10_001);
      expect(stage.told).toEqual(['refused late']);
      expect(await client.ended).toBe('end');
      expect(client.text()).toBe(REFUSAL);
    }
  });

  it('holds for a later head from its first byte on, and is not put off by more of it', async () => {
    const stage = await openStage(echo, LONG);
    const client = openClient(stage);
    client.write(GET);
    await client.until((text) => text.endsWith('/a'));
    client.write('GET /b HTTP/1.1\r\n');
    await turns();
    const begun = performance.now();
    lookAfter(stage, 9_000);
    while (performance.now() === begun) await turns(1);
    client.write('A: b\r\n');
    await turns();
    expect(stage.told).toEqual(['request /a']);
    stage.connections[0]?.look(begun + 10_001);
    expect(stage.told).toEqual(['request /a', 'refused late']);
  });

  it('is none where it is 0', async () => {
    const stage = await openStage(echo, { ...LONG, headTimeoutMs: 0 });
    const client = openClient(stage);
    client.write('GET /a');
    await turns();
    lookAfter(stage, 1e9);
    expect(isDestroyed(stage)).toBe(false);
    client.write(' HTTP/1.1\r\n\r\n');
    await client.until((text) => text.endsWith('/a'));
  });

  it('does not hold while a request is under way', async () => {
    const stage = await openStage(undefined, LONG);
    const client = openClient(stage);
    client.write(GET);
    const turn = await stage.turn();
    lookAfter(stage, 1e9);
    echo(turn);
    await client.until((text) => text.endsWith('/a'));
  });
});

describe('the time limit of an idle connection', () => {
  it('ends it without a word, and an empty line does not put it off', async () => {
    const stage = await openStage(echo, LONG);
    const client = openClient(stage);
    client.write(`${GET}\r\n`);
    await client.until((text) => text.endsWith('/a'));
    client.write('\r\n');
    await turns();
    expect(stage.connections[0]?.isIdle).toBe(true);
    lookAfter(stage, 19_000);
    expect(isDestroyed(stage)).toBe(false);
    lookAfter(stage, 20_001);
    expect(stage.told).toEqual(['request /a', 'endedIdle']);
    await client.ended;
    expect(client.text().endsWith('/a')).toBe(true);
  });

  it('holds for a body that is thrown away from its last byte on', async () => {
    const stage = await openStage(echo, LONG);
    const client = openClient(stage);
    client.write('POST /a HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc');
    await client.until((text) => text.endsWith('/a'));
    expect(stage.connections[0]?.isIdle).toBe(false);
    lookAfter(stage, 19_000);
    expect(isDestroyed(stage)).toBe(false);
    const before = performance.now();
    while (performance.now() === before) await turns(1);
    client.write('d');
    await turns();
    stage.connections[0]?.look(before + 20_000);
    expect(isDestroyed(stage)).toBe(false);
    lookAfter(stage, 20_001);
    expect(isDestroyed(stage)).toBe(true);
    expect(stage.told).toEqual(['request /a', 'endedIdle']);
  });

  it('is none where it is 0', async () => {
    const stage = await openStage(echo, { ...LONG, keepAliveTimeoutMs: 0 });
    const client = openClient(stage);
    client.write(GET);
    await client.until((text) => text.endsWith('/a'));
    lookAfter(stage, 1e9);
    expect(isDestroyed(stage)).toBe(false);
  });
});

describe('the time that a client has to end its side', () => {
  it('is two seconds behind the last answer, whatever it sends meanwhile', async () => {
    const stage = await openStage(echoLast);
    const client = openClient(stage);
    client.write(GET);
    expect(await client.ended).toBe('end');
    client.write('more');
    await turns();
    lookAfter(stage, 1_900);
    expect(isDestroyed(stage)).toBe(false);
    lookAfter(stage, 2_001);
    expect(isDestroyed(stage)).toBe(true);
  });

  it('is over as soon as it does', async () => {
    const stage = await openStage(echoLast);
    const client = openClient(stage);
    client.write(GET);
    expect(await client.ended).toBe('end');
    client.socket.end();
    await once(stage.connections[0]?.socket as NodeJS.EventEmitter, 'close');
  });

  it('is bounded where it does not even take the refusal', async () => {
    const body = Buffer.alloc(100_000);
    const stage = await openStage(answerWith(body));
    const client = openClient(stage);
    client.socket.pause();
    await once(client.socket, 'connect');
    const socket = stage.connections[0]?.socket as Socket;
    // The system takes no more: what is refused waits behind it.
    while (socket.writableLength === 0) socket.write(body);
    client.write('(NONE) / HTTP/1.1\r\n\r\n');
    await stage.until('refused line');
    expect(socket.writableFinished).toBe(false);
    lookAfter(stage, 2_001);
    expect(isDestroyed(stage)).toBe(false);
    lookAfter(stage, 31_000);
    expect(isDestroyed(stage)).toBe(true);
  });
});

describe('the clock', () => {
  it('ends by itself what has waited too long, also by limits that were set later', async () => {
    const stage = await openStage(echo, LONG);
    const idle = openClient(stage);
    idle.write(GET);
    await idle.until((text) => text.endsWith('/a'));
    const silent = openClient(stage);
    await once(silent.socket, 'connect');
    stage.server.limits = { ...stage.server.limits, headTimeoutMs: 40, keepAliveTimeoutMs: 30 };
    await stage.until('endedIdle');
    await stage.until('refused late');
    expect(await silent.ended).toBe('end');
    await idle.ended;
  });
});
