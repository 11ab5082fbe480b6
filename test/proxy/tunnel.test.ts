/** WebSockets without an idle limit whose upstream ends without a word: a process of its own, killed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openConnection, openSocket } from '../support/raw-http.ts';
import { ok, type Stage, stageBefore } from './stage.ts';

const HANDSHAKE =
  'GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhl\r\n\r\n';
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

/** Switches, and then sends for as long as somebody takes it. */
const TALKER = `require('node:net').createServer((socket) => {
  socket.on('error', () => {}).once('data', () => {
    socket.write(${JSON.stringify(SWITCH)});
    const pump = () => { while (socket.write(Buffer.alloc(65536))); };
    if (process.argv[1] !== 'talks') return;
    const tell = setTimeout(() => console.log('nobody takes it'), 500);
    socket.on('drain', () => { tell.refresh(); pump(); });
    pump();
  });
}).listen(0, '127.0.0.1', function () { console.log(this.address().port); });`;

async function stageOf(port: number, sendTimeoutMs = 100): Promise<Stage> {
  return stageBefore(ok('hello'), {
    route: { kind: 'none', status: 404, reason: 'not_wsgi', message: '' },
    front: { legacy: `http://127.0.0.1:${port}`, limits: { webSocketTimeoutMs: 0, sendTimeoutMs } },
  });
}

type Talker = { readonly port: number; readonly stuck: Promise<unknown>; kill(): void };

async function startTalker(word: 'is silent' | 'talks'): Promise<Talker> {
  const child = spawn(process.execPath, ['-e', TALKER, word], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = await once(child.stdout, 'data');
  const stuck = once(child.stdout, 'data');
  return { port: Number(String(line)), stuck, kill: () => void child.kill('SIGKILL') };
}

describe('a WebSocket without an idle limit', () => {
  it('ends with the process that its upstream was, and is counted', async () => {
    const talker = await startTalker('is silent');
    const stage = await stageOf(talker.port);
    const client = openConnection(stage.target);
    client.write(HANDSHAKE);
    await client.until('101');
    talker.kill();
    await client.closed;
    expect(await stage.observed()).toMatchObject({ status: 101 });
  });

  it('ends though its client takes nothing of what the process had still to say', async () => {
    const talker = await startTalker('talks');
    const stage = await stageOf(talker.port);
    const client = openSocket(stage.target).on('error', () => {});
    onTestFinished(() => void client.destroy());
    client.write(HANDSHAKE);
    await Promise.race([talker.stuck, stage.observed()]);
    talker.kill();
    expect(await stage.observed()).toMatchObject({ status: 101, endedBy: 'send_timeout' });
  });

  it('stays as long as its client takes what comes, and while nothing does', async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {}).once('data', () => socket.write(SWITCH));
    }).listen(0, '127.0.0.1');
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    await once(server, 'listening');
    const stage = await stageOf((server.address() as AddressInfo).port);
    const client = openConnection(stage.target);
    client.write(HANDSHAKE);
    await client.until('101');
    await new Promise((resolve) => setTimeout(resolve, 400));
    sockets[0]?.write('still here');
    await client.until('still here');
    // The other machine may vanish without a word: the kernel asks whether it is there (proc(5), timer 2).
    expect(keepAliveOf(sockets[0] as Socket)).toBe('02');
    client.end();
  });
});

/** More than the sockets of both connections hold by far. */
const MUCH = 48 * 1024 * 1024;

/** Writes as much as is taken; tells once that nobody takes any more of it, or that all was taken. */
function pump(socket: Socket): Promise<'stuck' | 'taken'> {
  let left = MUCH;
  return new Promise((resolve) => {
    const tell = setTimeout(() => resolve('stuck'), 400);
    const write = (): void => {
      tell.refresh();
      while (left > 0) {
        left -= 65_536;
        // As the payload of one long frame: what else it might be is not the matter here.
        if (!socket.write(Buffer.alloc(65_536, 0xff))) return;
      }
      socket.end(() => {
        clearTimeout(tell);
        resolve('taken');
      });
    };
    socket.on('drain', write);
    write();
  });
}

function countUntilEnd(socket: Socket): Promise<number> {
  let bytes = 0;
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  return once(socket, 'end').then(() => bytes);
}

describe('a WebSocket whose one end takes nothing', () => {
  it.each(['client', 'upstream'] as const)(
    'holds the other end back, and loses nothing: the %s',
    async (lazy) => {
      const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const stage = await stageOf((server.address() as AddressInfo).port, 60_000);
      const client = openSocket(stage.target).on('error', () => {});
      client.write(HANDSHAKE);
      const [upstream] = (await once(server, 'connection')) as [Socket];
      onTestFinished(() => {
        for (const socket of [client, upstream]) socket.destroy();
        server.close();
      });
      await once(
        upstream.on('error', () => {}),
        'data',
      );
      upstream.pause().write(SWITCH);
      await once(client, 'data');
      client.pause();
      const [from, to] = lazy === 'client' ? [upstream, client] : [client, upstream];
      expect(await pump(from)).toBe('stuck');
      const bytes = countUntilEnd(to);
      to.resume();
      expect(await bytes).toBe(MUCH);
    },
    20_000,
  );
});

/** The timer that the kernel keeps for the sidecar's end of a connection. */
function keepAliveOf({ localPort = 0, remotePort = 0 }: Socket): string | undefined {
  const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');
  const rows = readFileSync('/proc/net/tcp', 'latin1').split('\n');
  const row = rows.map((line) => line.trim().split(/\s+/));
  const found = row.find(
    ([, from, to]) => from?.endsWith(`:${hex(remotePort)}`) && to?.endsWith(`:${hex(localPort)}`),
  );
  return found?.[5]?.slice(0, 2);
}
