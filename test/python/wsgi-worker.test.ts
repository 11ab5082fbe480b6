/** The life of a worker: threads that overlap, clients that leave, large bodies in little memory, and its end. */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSocket } from '../support/raw-http.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { describeEachPython } from './each-python.ts';
import { fixture, startWorker, type Worker } from './worker.ts';

const MIB = 1024 * 1024;
/** What a body of any size may add to the memory of a process, in KiB. */
const MEMORY_BOUND = 64 * 1024;

/** Sends a body of many MiB as fast as it is taken; resolves with the answer's body. */
function upload(worker: Worker, mebibytes: number, headers: Record<string, string>): Promise<string> {
  const isChunked = headers['Transfer-Encoding'] === 'chunked';
  const block = Buffer.alloc(MIB, 'x');
  const framed = isChunked ? Buffer.concat([Buffer.from('100000\r\n'), block, Buffer.from('\r\n')]) : block;
  return new Promise((resolve) => {
    const socket = openSocket({ socketPath: worker.socketPath });
    let received = '';
    let left = mebibytes;
    const pump = (): void => {
      while (left > 0) {
        left -= 1;
        if (!socket.write(framed)) return;
      }
      if (left === 0 && isChunked) socket.write('0\r\n\r\n');
      left = -1;
    };
    socket.on('drain', pump);
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
    });
    socket.once('close', () => resolve(received.split('\r\n\r\n')[1] ?? ''));
    socket.write(
      worker.head(fixture('counts_body'), '/', {
        method: 'POST',
        headers: { ...headers, connection: 'close' },
      }),
    );
    pump();
  });
}

/** Counts the bytes of an answer as they come. */
function download(worker: Worker, path: string): Promise<number> {
  return new Promise((resolve) => {
    const socket = openSocket({ socketPath: worker.socketPath });
    let size = 0;
    socket.on('data', (chunk: Buffer) => {
      size += chunk.length;
    });
    socket.once('close', () => resolve(size));
    socket.write(worker.head(fixture('produces'), path, { headers: { connection: 'close' } }));
  });
}

async function peakOf(worker: Worker): Promise<number> {
  return Number((await worker.request(fixture('produces'), '/peak')).text());
}

/** Sends a request so many times, one after the other's answer, on a connection that stays. */
function volley(socket: Socket, request: string, times: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = times;
    const onData = (chunk: Buffer): void => {
      if (!chunk.toString('latin1').startsWith('HTTP/1.1 200')) reject(new Error(chunk.toString('latin1')));
      left -= 1;
      if (left > 0) socket.write(request);
      else resolve(void socket.off('data', onData));
    };
    socket.on('data', onData);
    socket.write(request);
  });
}

describeEachPython('a worker', (python) => {
  let worker: Worker;
  let folder: TemporaryFolder;
  beforeAll(async () => {
    folder = makeTemporaryFolder();
    worker = await startWorker(python, { threads: 3 });
  });
  afterAll(async () => {
    await worker.stop();
    folder.remove();
  });

  describe('with a body of any size', () => {
    const size = python.version === '3.11' ? 1024 : 128;

    it(`takes ${size} MiB by length in little memory`, async () => {
      const before = await peakOf(worker);
      const [length, peak] = (await upload(worker, size, { 'Content-Length': `${size * MIB}` })).split(' ');
      expect(Number(length)).toBe(size * MIB);
      expect(Number(peak) - before).toBeLessThan(MEMORY_BOUND);
    });

    it('takes 128 MiB in chunks in little memory', async () => {
      const before = await peakOf(worker);
      const answer = await upload(worker, 128, { 'Transfer-Encoding': 'chunked' });
      const [length, peak] = (answer.split('\r\n').find((line) => line.includes(' ')) ?? '').split(' ');
      expect(Number(length)).toBe(128 * MIB);
      expect(Number(peak) - before).toBeLessThan(MEMORY_BOUND);
    });

    it(`gives ${size} MiB in little memory`, async () => {
      const before = await peakOf(worker);
      expect(await download(worker, `/?${size}`)).toBeGreaterThan(size * MIB);
      expect((await peakOf(worker)) - before).toBeLessThan(MEMORY_BOUND);
    });
  });

  describe('wrapping files', () => {
    const digest = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

    it.each([
      ['a file', '/file', 0, 'length'],
      ['the rest of a file that was read in part', '/skipped', 10, 'length'],
      ['a file in memory', '/memory', 0, 'chunked'],
      ['an object that can only read', '/unsized', 0, 'chunked'],
      ['an object whose descriptor has other bytes than it reads', '/zipped', 0, 'chunked'],
    ] as const)('sends %s', async (_what, path, skipped, end) => {
      const content = Buffer.from(Array.from({ length: 1_000_000 }, (_, index) => (index * 7) % 251));
      const file = folder.write(`files/${path.slice(1)}`, content);
      const answer = await worker.request(fixture('file_wrapper'), `${path}?${file}`);
      expect(digest(answer.body)).toBe(digest(content.subarray(skipped)));
      expect(answer.end).toBe(end);
    });

    it('sends no more than announced, and shows less as cut', async () => {
      const file = folder.write('files/plain', 'x'.repeat(1000));
      const announced = await worker.request(fixture('file_wrapper'), `/announced?${file}`);
      expect([announced.end, announced.body.length]).toEqual(['length', 100]);
      const cut = await worker.request(fixture('file_wrapper'), `/cut?${file}`);
      expect([cut.end, cut.body.length]).toEqual(['cut', statSync(file).size]);
    });

    it('closes them all', async () => {
      const file = folder.write('files/closed', 'x'.repeat(1000));
      for (const path of ['/file', '/memory', '/cut']) {
        await worker.request(fixture('file_wrapper'), `${path}?${file}`);
      }
      expect((await worker.request(fixture('file_wrapper'), '/closed')).text()).toBe('yes');
    });
  });

  describe('closing iterables', () => {
    const closed = async (): Promise<number> =>
      Number((await worker.request(fixture('closes'), '/count')).text());

    it.each([
      ['that were sent', '/plain'],
      ['that raised', '/failing'],
      ['that gave text', '/text'],
    ])('closes those %s', async (_which, path) => {
      const before = await closed();
      await worker.request(fixture('closes'), path);
      expect((await worker.request(fixture('closes'), '/wait')).text()).toBe(String(before + 1));
    });

    it('stops an endless one when its client leaves', async () => {
      const before = await closed();
      const socket = openSocket({ socketPath: worker.socketPath });
      socket.on('error', () => {});
      socket.write(worker.head(fixture('closes'), '/endless'));
      await new Promise((resolve) => socket.once('data', resolve));
      socket.destroy();
      expect((await worker.request(fixture('closes'), '/wait')).text()).toBe(String(before + 1));
    });

    it('keeps the answer when close() raises', async () => {
      const answer = await worker.request(fixture('closes'), '/close_fails');
      expect([answer.status, answer.end, answer.text()]).toEqual([200, 'chunked', 'one']);
    });
  });

  it('serves as many requests at once as it has threads', async () => {
    const waiting = [worker.request(fixture('gate'), '/wait/a'), worker.request(fixture('gate'), '/wait/a')];
    await worker.request(fixture('gate'), '/arrived/a?2');
    await worker.request(fixture('gate'), '/open/a');
    expect((await Promise.all(waiting)).map((answer) => answer.text())).toEqual(['wait', 'wait']);
  });

  it('lets its monitor sleep while requests come one after the other', async () => {
    const socket = openSocket({ socketPath: worker.socketPath });
    await volley(socket, worker.head(fixture('hello')), 2000);
    const said = new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(chunk.toString())));
    socket.write(worker.head(fixture('monitor')));
    expect((await said).split('\r\n\r\n')[1]).toBe('asleep');
    socket.destroy();
  });

  it('frees the others when one request is stuck while short ones come fast', async () => {
    const stuck = await startWorker(python, { threads: 3 });
    const short = stuck.head(fixture('hello'));
    const sockets = Array.from({ length: 6 }, () => openSocket({ socketPath: stuck.socketPath }));
    for (let round = 0; round < 20; round += 1) {
      // Enough in a row to make a worker try to serve all in one thread.
      await Promise.all(sockets.map((socket) => volley(socket, short, 40)));
      const [first, ...others] = sockets;
      const waiting = volley(first as Socket, stuck.head(fixture('gate'), `/wait/${round}`), 1);
      await Promise.all(others.map((socket) => volley(socket, short, 1)));
      await volley(others[0] as Socket, stuck.head(fixture('gate'), `/open/${round}`), 1);
      await waiting;
    }
    for (const socket of sockets) socket.destroy();
    await stuck.stop();
  });
});

describeEachPython('the end of a worker', (python) => {
  it.each([
    ['SIGTERM', 'SIGTERM'],
    ['the end of its lifeline', 'lifeline'],
  ])('comes with %s, after the requests in flight', async (_how, reason) => {
    const worker = await startWorker(python, { threads: 3 });
    const waiting = worker.request(fixture('gate'), '/wait/a', { headers: { Connection: 'keep-alive' } });
    await worker.request(fixture('gate'), '/arrived/a?1');
    const kept = openSocket({ socketPath: worker.socketPath });
    const opened = new Promise((resolve) => kept.once('data', resolve));
    kept.write(worker.head(fixture('hello')));
    await opened;
    if (reason === 'SIGTERM') worker.signal('SIGTERM');
    else void worker.stop();
    await worker.waitForEvent((event) => event.event === 'stopping' && event.reason === reason);
    kept.write(worker.head(fixture('gate'), '/open/a'));
    const answer = await waiting;
    expect([answer.text(), answer.header('connection')]).toEqual(['wait', 'close']);
    expect(await worker.exited).toEqual({ code: 0, signal: null });
    kept.destroy();
  });

  it('comes with SIGTERM whichever thread the kernel gives it to', async () => {
    const worker = await startWorker(python);
    await worker.request(fixture('signals-its-thread'));
    await worker.waitForEvent((event) => event.event === 'stopping' && event.reason === 'SIGTERM');
    expect(await worker.exited).toEqual({ code: 0, signal: null });
  });

  it('does not wait longer than the order says', async () => {
    const worker = await startWorker(python, { threads: 2, shutdownTimeout: 0.1 });
    const cut = worker.request(fixture('gate'), '/wait/a').catch((error: unknown) => error);
    await worker.request(fixture('gate'), '/arrived/a?1');
    worker.signal('SIGTERM');
    expect(await worker.exited).toEqual({ code: 0, signal: null });
    expect(await cut).toBeInstanceOf(Error);
  });
});
