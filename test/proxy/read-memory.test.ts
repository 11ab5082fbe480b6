import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FRONT_LIMITS } from '../../src/proxy/limits.ts';
import { ReadMemory } from '../../src/proxy/read-memory.ts';
import { SpoolRoom } from '../../src/proxy/spool-room.ts';
import { openSocket } from '../support/raw-http.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { stageBefore } from './stage.ts';

const READ_BYTES = 65_536;

describe('ReadMemory', () => {
  /** A memory that has been asked where to read for the first time. */
  function begun(): { readonly memory: ReadMemory; readonly first: Buffer } {
    const memory = new ReadMemory();
    return { memory, first: memory.next(false) as Buffer };
  }

  it('is shared by all connections as long as their answers are short', () => {
    const { memory, first } = begun();
    expect(begun().first).toBe(first);
    expect(memory.read(100)).toHaveLength(100);
    expect(memory.mayBeKept).toBe(false);
    expect(memory.next(true)).toBeUndefined();
  });

  it("is a connection's own from the first read that fills it to the end of the answer", () => {
    const { memory, first } = begun();
    memory.read(READ_BYTES);
    const own = memory.next(true);
    expect(own).toHaveLength(READ_BYTES);
    expect(own?.buffer).not.toBe(first.buffer);
    expect(memory.mayBeKept).toBe(true);
    memory.read(10);
    expect(memory.next(true)).toBeUndefined();
    expect(memory.next(false)).toBe(first);
    expect(memory.mayBeKept).toBe(false);
  });

  it('is never read into again where something of it is kept', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ isFull: fc.boolean(), isKept: fc.boolean(), goesOn: fc.boolean() })),
        (reads) => {
          const { memory, first } = begun();
          const kept = new Set<ArrayBufferLike>();
          let into = first;
          for (const { isFull, isKept, goesOn } of reads) {
            expect(kept.has(into.buffer)).toBe(false);
            expect(memory.read(isFull ? READ_BYTES : 1).buffer).toBe(into.buffer);
            expect(memory.mayBeKept).toBe(into !== first);
            if (isKept && memory.mayBeKept) {
              memory.keep();
              kept.add(into.buffer);
            }
            into = memory.next(goesOn) ?? into;
          }
        },
      ),
    );
  });
});

describe('long answers side by side', () => {
  const BLOCKS = 160;
  const CLIENTS = 6;

  const blockOf = (name: string, index: number): Buffer =>
    Buffer.alloc(READ_BYTES, `${name}${index.toString(36)}.`);

  /** Sends the body that the target names, as fast as it is taken, in the framing that it names. */
  async function serve(socket: Socket, text: string): Promise<void> {
    const [, framing, name = ''] = /GET \/(length|chunked)(\w+) /.exec(text) ?? [];
    if (framing === undefined || !text.endsWith('\r\n\r\n')) return;
    const isChunked = framing === 'chunked';
    const field = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${BLOCKS * READ_BYTES}`;
    socket.write(`HTTP/1.1 200 OK\r\n${field}\r\n\r\n`);
    for (let index = 0; index < BLOCKS; index += 1) {
      const block = blockOf(name, index);
      const framed = isChunked ? [Buffer.from('10000\r\n'), block, Buffer.from('\r\n')] : [block];
      if (!socket.write(Buffer.concat(framed))) await once(socket, 'drain');
    }
    if (isChunked) socket.write('0\r\n\r\n');
  }

  /** Reads a little, waits until the others have had their turn, and reads on; resolves with all that came behind the head. */
  async function takeSlowly(
    socket: Socket,
    step: number,
    othersTurn: () => Promise<unknown>,
  ): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let sincePause = 0;
    socket.on('data', (piece: Buffer) => {
      pieces.push(piece);
      sincePause += piece.length;
      if (sincePause < step) return;
      sincePause = 0;
      socket.pause();
      void othersTurn().then(() => socket.resume());
    });
    await once(socket, 'end');
    const all = Buffer.concat(pieces);
    return all.subarray(all.indexOf('\r\n\r\n') + 4);
  }

  function withoutFraming(bytes: Buffer): Buffer {
    const data: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      const start = bytes.indexOf('\r\n', at) + 2;
      const end = start + Number.parseInt(bytes.toString('latin1', at, start), 16);
      data.push(bytes.subarray(start, end));
      at = end + 2;
    }
    return Buffer.concat(data);
  }

  const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

  const wholeHash = (name: string): string =>
    hashOf(Buffer.concat(Array.from({ length: BLOCKS }, (_, index) => blockOf(name, index))));

  it.each([
    ['length', 'kept', { memoryBytes: 131_072, fileBytes: 1_048_576 }],
    ['length', 'waited for', { memoryBytes: 0, fileBytes: 0 }],
    ['chunked', 'waited for', { memoryBytes: 0, fileBytes: 0 }],
  ])('by %s reach their slow clients byte for byte, each its own: %s', async (framing, _, spool) => {
    const folder = makeTemporaryFolder();
    onTestFinished(() => folder.remove());
    const room = new SpoolRoom(folder.path, { warn: () => undefined });
    const limits = { spool: { ...FRONT_LIMITS.spool, ...spool } };
    const stage = await stageBefore((socket, text) => void serve(socket, text).catch(() => undefined), {
      spool: room,
      front: { limits },
    });
    const areKept = spool.fileBytes > 0;
    const othersTurn = areKept
      ? () => expect.poll(() => room.answersEver, { timeout: 30_000 }).toBe(CLIENTS)
      : () => turnOfTheLoop();
    const names = Array.from({ length: CLIENTS }, (__, i) => `client${i}`);
    const bodies = await Promise.all(
      names.map((name, i) => {
        const socket = openSocket(stage.target);
        onTestFinished(() => void socket.destroy());
        socket.write(`GET /${framing}${name} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
        return takeSlowly(socket, 150_000 + 40_001 * i, othersTurn);
      }),
    );
    const hashes = bodies.map((body) => hashOf(framing === 'chunked' ? withoutFraming(body) : body));
    expect(hashes).toEqual(names.map(wholeHash));
    expect(room.answersEver).toBe(areKept ? CLIENTS : 0);
  });
});
