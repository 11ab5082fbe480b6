/** A client that takes its time takes nobody else's: half a head, half a body, an answer that is not taken. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Upstream } from '../../src/groups/lease.ts';
import { ok, type StageParts, stageBefore } from '../proxy/stage.ts';
import { openConnection, openSocket } from '../support/raw-http.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { statusesOf } from './refusal.ts';

/** A Unix socket holds little, so that its client need not ask for much. */
function makeSocketPath(): string {
  const folder = makeTemporaryFolder();
  onTestFinished(() => folder.remove());
  return `${folder.path}/front.sock`;
}

/** Reads its answer when it is told to, and says how that ended: Node, which watches a connection that it does not read, misses a reset. */
const LATE_READER = `
import socket, sys
client = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
client.sendall(b'GET / HTTP/1.0\\r\\nHost: a\\r\\n\\r\\n')
sys.stdin.readline()
try:
    while client.recv(65536):
        pass
    sys.stdout.write('end')
except ConnectionResetError:
    sys.stdout.write('reset')
`;

describe('a slow client', () => {
  it.each([
    ['that says nothing', ''],
    ['that sends half a head', 'GET / HTTP/1.1\r\nHost: a\r\nX-Half'],
  ])('%s gets 408', async (_, bytes) => {
    const stage = await stageBefore(ok('hello'), { front: { limits: { headTimeoutMs: 50 } } });
    const client = openConnection(stage.target);
    client.write(bytes);
    expect(statusesOf(await client.closed)).toEqual([408]);
    expect(await stage.observed()).toMatchObject({ status: 408, reason: 'request_timeout' });
    expect(stage.logged.at(-1)?.message).toContain('limits.headTimeout');
  });

  it('that sends half a long body gets 408, and its lease is free', async () => {
    const stage = await stageBefore(() => {}, { front: { limits: { bodyTimeoutMs: 50 } } });
    const client = openConnection(stage.target);
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nhalf');
    expect(statusesOf(await client.closed)).toEqual([408]);
    expect(await stage.observed()).toMatchObject({ status: 408, reason: 'body_timeout' });
    expect(await stage.released()).toBe('abandoned');
  });

  it('that sends half a small body gets 408, and nobody was asked', async () => {
    const stage = await stageBefore(() => {}, { front: { limits: { bodyTimeoutMs: 50 } } });
    const client = openConnection(stage.target);
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf');
    expect(statusesOf(await client.closed)).toEqual([408]);
    expect(stage.recorder.received).toEqual([]);
  });

  it('that takes nothing of a long answer loses its connection, and its lease is free', async () => {
    const stage = await stageBefore(
      (socket) => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${2 ** 30}\r\n\r\n`);
        const pump = (): void => {
          while (socket.writable && socket.write(Buffer.alloc(65_536)));
        };
        socket.on('drain', pump);
        pump();
      },
      { front: { limits: { sendTimeoutMs: 100 } } },
    );
    const socket = openSocket(stage.target);
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await stage.released()).toBe('abandoned');
    expect(await stage.observed()).toMatchObject({
      reason: 'send_timeout',
      endedBy: 'send_timeout',
      aborted: true,
    });
    socket.destroy();
  });

  it('cannot take what it has got for the whole when it reads again after that', async () => {
    const stage = await stageBefore('HTTP/1.1 200 OK\r\n\r\n'.concat('x'.repeat(16 * 2 ** 20)), {
      front: { limits: { sendTimeoutMs: 100 } },
    });
    const { port } = stage.target as { port: number };
    const client = spawn('python3', ['-c', LATE_READER, String(port)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    expect(await stage.observed()).toMatchObject({ reason: 'send_timeout' });
    client.stdin.end('read on\n');
    expect(String((await once(client.stdout, 'data'))[0])).toBe('reset');
    await once(client, 'close');
  });

  it('that takes nothing of the end of an answer loses its connection too', async () => {
    const body = 'x'.repeat(16 * 2 ** 20);
    const stage = await stageBefore(ok(body), { front: { limits: { sendTimeoutMs: 100 } } });
    const socket = openSocket(stage.target);
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await stage.observed()).toMatchObject({ reason: 'send_timeout', aborted: true });
    socket.destroy();
  });

  it('that takes none of many short answers loses its connection too', async () => {
    const stage = await stageBefore(ok('x'.repeat(60_000)), { front: { limits: { sendTimeoutMs: 100 } } });
    const socket = openSocket(stage.target);
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(400));
    await expect.poll(() => stage.observations.some(({ reason }) => reason === 'send_timeout')).toBe(true);
    socket.destroy();
  });

  const CHUNKED = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\n${'x'.repeat(4096)}\r\n0\r\n\r\n`;
  const LONG_FIELD = `X-Long: ${'x'.repeat(8000)}`;

  it.each<[string, string, string, StageParts]>([
    ['in chunks', 'GET', CHUNKED, {}],
    ['to HEAD', 'HEAD', `HTTP/1.1 200 OK\r\n${LONG_FIELD}\r\nContent-Length: 5\r\n\r\n`, {}],
    ['without content', 'GET', `HTTP/1.1 204 No Content\r\n${LONG_FIELD}\r\n\r\n`, {}],
    [
      'of the sidecar’s own',
      'GET',
      '',
      { route: { kind: 'none', status: 404, reason: 'not_wsgi', message: '' } },
    ],
  ])(
    'that takes none of many short answers loses its connection, whatever they are: %s',
    async (_, method, answer, parts) => {
      const stage = await stageBefore(answer, {
        ...parts,
        front: { limits: { sendTimeoutMs: 100, requestsPerConnection: 0 } },
        listener: { bind: `unix:${makeSocketPath()}` },
      });
      const socket = openSocket(stage.target).on('error', () => {});
      socket.write(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(2000));
      await expect.poll(() => stage.observations.some(({ reason }) => reason === 'send_timeout')).toBe(true);
      socket.destroy();
    },
  );

  it('has for the end of a short answer the time of its group', async () => {
    let upstream: Upstream | undefined;
    const stage = await stageBefore(CHUNKED, {
      listener: { bind: `unix:${makeSocketPath()}` },
      acquire: () => {
        upstream ??= { ...stage.recorder.upstream, untakenMs: 100 };
        return { kind: 'lease', upstream, queuedMs: 0, release: () => undefined };
      },
    });
    const socket = openSocket(stage.target).on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(400));
    await expect.poll(() => stage.observations.some(({ reason }) => reason === 'send_timeout')).toBe(true);
    socket.destroy();
  });

  it('is not to blame where the application is slow', async () => {
    const stage = await stageBefore(
      (socket) => {
        // Enough to be waited for, then silence for longer than the limit.
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${2 ** 22 + 4}\r\n\r\n`);
        socket.write(Buffer.alloc(2 ** 22), () => setTimeout(() => socket.write('last'), 400));
      },
      { front: { limits: { sendTimeoutMs: 100 } } },
    );
    const client = openConnection(stage.target);
    client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect((await client.closed).endsWith('last')).toBe(true);
    expect(await stage.observed()).toMatchObject({ status: 200, aborted: false });
  });

  it('is not to blame where its next request has been refused and waits for its turn', async () => {
    const stage = await stageBefore((socket) => void setTimeout(() => socket.write(ok('late')), 400), {
      front: { limits: { sendTimeoutMs: 100 } },
    });
    const client = openConnection(stage.target);
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n');
    expect(statusesOf(await client.closed)).toEqual([200, 400]);
  });
});

describe('a client that takes nothing of its answer and goes on sending', () => {
  it('loses its connection as one that is silent', async () => {
    const stage = await stageBefore(
      (socket, text) => void (text.includes('\r\n\r\n') && socket.write(ok('x'.repeat(20_000_000)))),
      { front: { limits: { sendTimeoutMs: 200 } } },
    );
    const client = openSocket(stage.target).pause();
    client.on('error', () => undefined).write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const sending = setInterval(() => client.write('G'), 50);
    onTestFinished(() => {
      clearInterval(sending);
      client.destroy();
    });
    expect(await stage.observed()).toMatchObject({ aborted: true, reason: 'send_timeout' });
  });
});

describe('many clients that take nothing', () => {
  it('hold only what each of them was sent', async () => {
    const stage = await stageBefore((socket, text) => {
      if (!text.endsWith('\r\n\r\n')) return;
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${64 * 2 ** 20}\r\n\r\n`);
      const block = Buffer.alloc(65_536);
      let left = 1024;
      const pump = (): void => {
        while (left > 0 && socket.writable) {
          left -= 1;
          if (!socket.write(block)) break;
        }
      };
      socket.on('drain', pump);
      pump();
    });
    const before = process.memoryUsage().rss;
    const sockets = Array.from({ length: 100 }, () => openSocket(stage.target));
    for (const socket of sockets) {
      socket.pause();
      socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    }
    await expect.poll(() => stage.recorder.received.length).toBe(100);
    // One who reads gets all of it while the others hold theirs.
    const reader = openSocket(stage.target);
    reader.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    let taken = 0;
    reader.on('data', (chunk: Buffer) => {
      taken += chunk.length;
    });
    await once(reader, 'close');
    expect(taken).toBeGreaterThan(64 * 2 ** 20);
    // 6.4 GB were asked for; this process is the upstream and the clients as well.
    expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(200);
    for (const socket of sockets) socket.destroy();
  });
});
