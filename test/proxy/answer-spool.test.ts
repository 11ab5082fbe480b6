/** Answers that are kept for clients that lag: real sockets, real files. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FRONT_LIMITS } from '../../src/proxy/limits.ts';
import { type SpoolLimits, SpoolRoom } from '../../src/proxy/spool-room.ts';
import { exchange, openSocket } from '../support/raw-http.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { type Stage, stageBefore } from './stage.ts';

const MIB = 2 ** 20;
const GET = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
/** More than the kernel takes of both sides of a loopback connection. */
const LONG = 24 * MIB;

/** Each 64 KiB is different, so that an order that is wrong is seen. */
function blockOf(index: number, size = 65_536): Buffer {
  return Buffer.alloc(size, `${index.toString(36)}.`);
}

type Upstream = { readonly serve: (socket: Socket, text: string) => void; readonly sent: Promise<Socket> };

/** Sends a long body as fast as it is taken, by length or in chunks; `sent` when the last byte has left. */
function sending(bytes: number, framing: 'length' | 'chunked' = 'length', isCut = false): Upstream {
  let tell: (socket: Socket) => void;
  const sent = new Promise<Socket>((resolve) => {
    tell = resolve;
  });
  const serve = (socket: Socket, text: string): void => {
    if (!text.endsWith('\r\n\r\n')) return;
    const field =
      framing === 'length' ? `Content-Length: ${bytes + (isCut ? 1 : 0)}` : 'Transfer-Encoding: chunked';
    socket.write(`HTTP/1.1 200 OK\r\n${field}\r\n\r\n`);
    void (async () => {
      for (let index = 0; index < bytes / 65_536; index += 1) {
        const block = blockOf(index);
        if (framing === 'chunked') socket.write('10000\r\n');
        const mayGoOn = socket.write(
          framing === 'chunked' ? Buffer.concat([block, Buffer.from('\r\n')]) : block,
        );
        if (!mayGoOn) await once(socket, 'drain');
      }
      socket.write(framing === 'chunked' && !isCut ? '0\r\n\r\n' : '', () => tell(socket));
    })().catch(() => undefined);
  };
  return { serve, sent };
}

function hashOf(bytes: number): string {
  const hash = createHash('sha256');
  for (let index = 0; index < bytes / 65_536; index += 1) hash.update(blockOf(index));
  return hash.digest('hex');
}

type Kept = Awaited<ReturnType<typeof stageBefore>> & { readonly room: SpoolRoom; readonly folder: string };

async function stageWithRoom(serve: Upstream['serve'], limits: Partial<SpoolLimits> = {}): Promise<Kept> {
  const folder = makeTemporaryFolder();
  const logged: unknown[] = [];
  const room = new SpoolRoom(folder.path, { warn: (fields) => void logged.push(fields) });
  onTestFinished(() => folder.remove());
  const spool = { ...FRONT_LIMITS.spool, ...limits };
  const stage = await stageBefore(serve, { spool: room, front: { limits: { spool } } });
  return { ...stage, room, folder: folder.path };
}

/** A client that asks and takes nothing yet. */
function askAndWait(stage: Stage): Socket {
  const socket = openSocket(stage.target);
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined).pause();
  socket.write(GET);
  return socket;
}

/** Takes all that comes; the hash of the body, as it was framed by its length, and how the connection ended. */
async function takeAll(socket: Socket): Promise<{ readonly text: Buffer; readonly failed: boolean }> {
  const pieces: Buffer[] = [];
  let failed = false;
  socket.on('error', () => {
    failed = true;
  });
  socket.on('data', (piece) => pieces.push(piece)).resume();
  await once(socket, 'close').catch(() => undefined);
  return { text: Buffer.concat(pieces), failed };
}

function bodyHash(text: Buffer): string {
  return createHash('sha256')
    .update(text.subarray(text.indexOf('\r\n\r\n') + 4))
    .digest('hex');
}

describe('an answer that its client does not take', () => {
  it.each([
    ['in memory and a file', {}],
    ['in a file alone', { memoryBytes: 0 }],
    ['in memory alone', { memoryBytes: 64 * MIB, fileBytes: 0 }],
  ])('is kept %s: its lease is free, and the client gets every byte', async (_, limits) => {
    const upstream = sending(LONG);
    const stage = await stageWithRoom(upstream.serve, limits);
    const socket = askAndWait(stage);
    expect(await stage.released()).toBe('answered');
    expect(stage.room.answers).toBe(1);
    expect(stage.observations).toEqual([]);
    // The file has no name.
    expect(readdirSync(stage.folder)).toEqual([]);
    const { text } = await takeAll(socket);
    expect(bodyHash(text)).toBe(hashOf(LONG));
    expect(await stage.observed()).toMatchObject({ status: 200, responseBytes: LONG, aborted: false });
    expect(stage.room).toMatchObject({ answers: 0, answersEver: 1, memoryBytes: 0, fileBytes: 0 });
  });

  it('is kept in chunks, too', async () => {
    const upstream = sending(LONG, 'chunked');
    const stage = await stageWithRoom(upstream.serve);
    const socket = askAndWait(stage);
    await stage.released();
    const { text } = await takeAll(socket);
    expect(text.subarray(-5).toString()).toBe('0\r\n\r\n');
    expect(text.length).toBeGreaterThan(LONG);
  });

  it('is kept as far as the bounds allow; then the upstream waits', async () => {
    const upstream = sending(LONG);
    const stage = await stageWithRoom(upstream.serve, { memoryBytes: MIB, fileBytes: 2 * MIB });
    const socket = askAndWait(stage);
    await expect.poll(() => stage.room.fileBytes).toBeGreaterThan(MIB);
    expect(stage.room.fileBytes).toBeLessThanOrEqual(2 * MIB);
    expect(stage.outcomes).toEqual([]);
    const { text } = await takeAll(socket);
    expect(bodyHash(text)).toBe(hashOf(LONG));
    expect(stage.room).toMatchObject({ answers: 0, memoryBytes: 0, fileBytes: 0 });
  });

  it('is kept in its file where others use up the memory of all', async () => {
    const upstream = sending(LONG);
    const stage = await stageWithRoom(upstream.serve, { memoryTotalBytes: MIB });
    const sockets = Array.from({ length: 12 }, () => askAndWait(stage));
    await expect.poll(() => stage.outcomes).toEqual(Array.from(sockets, () => 'answered'));
    // What is being written is held as well, a piece of each.
    expect(stage.room.memoryBytes).toBeLessThan(2 * MIB + 12 * 65_536);
    const bodies = await Promise.all(sockets.map(takeAll));
    for (const { text } of bodies) expect(bodyHash(text)).toBe(hashOf(LONG));
    expect(stage.room).toMatchObject({ answers: 0, answersEver: 12, memoryBytes: 0, fileBytes: 0 });
  });

  it('is waited for where the disk does not take it, and says so', async () => {
    const upstream = sending(LONG);
    const stage = await stageWithRoom(upstream.serve);
    const told: unknown[] = [];
    const room = new SpoolRoom(`${stage.folder}/missing`, { warn: (_, message) => void told.push(message) });
    const other = await stageBefore(upstream.serve, { spool: room });
    const socket = askAndWait(other);
    await expect.poll(() => told).toHaveLength(1);
    const { text } = await takeAll(socket);
    expect(bodyHash(text)).toBe(hashOf(LONG));
    expect(room).toMatchObject({ answers: 0, memoryBytes: 0, fileBytes: 0 });
  });

  it('is forgotten when the client leaves, and not counted as sent', async () => {
    const upstream = sending(LONG);
    const stage = await stageWithRoom(upstream.serve);
    const socket = askAndWait(stage);
    await stage.released();
    socket.destroy();
    const seen = await stage.observed();
    expect(seen).toMatchObject({ aborted: true, reason: 'client_gone' });
    expect(seen.responseBytes).toBeLessThan(LONG / 2);
    await expect.poll(() => stage.room).toMatchObject({ answers: 0, memoryBytes: 0, fileBytes: 0 });
  });

  it.each(['length', 'chunked'] as const)('never looks whole when its upstream dies: %s', async (framing) => {
    const upstream = sending(LONG, framing, true);
    const stage = await stageWithRoom(upstream.serve);
    const socket = askAndWait(stage);
    await expect.poll(() => stage.room.answers).toBe(1);
    stage.recorder.die();
    expect(await stage.observed()).toMatchObject({ reason: 'upstream_truncated' });
    const { text } = await takeAll(socket);
    expect(text.length).toBeLessThan(LONG);
    expect(text.subarray(-5).toString()).not.toBe('0\r\n\r\n');
    await expect.poll(() => stage.room).toMatchObject({ answers: 0, memoryBytes: 0, fileBytes: 0 });
  });

  it('is not kept for a client that takes it', async () => {
    const upstream = sending(4 * LONG);
    const stage = await stageWithRoom(upstream.serve);
    const answer = await exchange(stage.target, GET);
    expect(answer.body.length).toBe(4 * LONG);
    expect(stage.room.answersEver).toBe(0);
  });

  it('is not kept where that is switched off', async () => {
    const upstream = sending(LONG);
    const stage = await stageWithRoom(upstream.serve, { memoryBytes: 0, fileBytes: 0 });
    const socket = askAndWait(stage);
    const { text } = await takeAll(socket);
    expect(bodyHash(text)).toBe(hashOf(LONG));
    expect(stage.room.answersEver).toBe(0);
  });
});
