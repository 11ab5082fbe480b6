import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Connections } from '../../src/proxy/connections.ts';
import type { Front } from '../../src/proxy/front.ts';
import { startListener } from '../../src/proxy/listener.ts';
import { openConnection, openSocket, send } from '../support/raw-http.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { ok, stageBefore, startStage } from './stage.ts';

describe('startListener()', () => {
  let folder: TemporaryFolder;

  beforeEach(() => {
    folder = makeTemporaryFolder();
  });
  afterEach(() => folder.remove());

  it('answers half a head with 408 when its time is over', async () => {
    const stage = await stageBefore(ok('hello'), { front: { limits: { headTimeoutMs: 50 } } });
    const client = openConnection(stage.target);
    client.write('GET / HTTP/1.1\r\nHost: a\r\nX-Half');
    expect(await client.closed).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(await stage.observed()).toMatchObject({ status: 408, reason: 'request_timeout', arm: 'own' });
  });

  it('counts a request once that is refused for its head and whose body is no body', async () => {
    const stage = await stageBefore(ok('hello'));
    const client = openConnection(stage.target);
    client.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\nabc');
    expect(await client.closed).toMatch(/^HTTP\/1\.1 501 /);
    expect((await send(stage.target, '/')).status).toBe(200);
    expect(stage.observations.map(({ status, reason }) => [status, reason])).toEqual([
      [501, 'coding'],
      [200, undefined],
    ]);
  });

  it('says nothing to a client that leaves with half a head', async () => {
    const stage = await stageBefore(ok('hello'));
    const client = openConnection(stage.target);
    client.write('GET / HTTP/1.1\r\nHost: a\r\nX-Half');
    client.end();
    expect((await send(stage.target, '/')).status).toBe(200);
    expect(stage.observations).toHaveLength(1);
  });

  it('lets requests wait for the first front, and has the next one answer the next request', async () => {
    const stages = [await stageBefore(ok('one')), await stageBefore(ok('two'))];
    const listener = await startListener({ bind: '127.0.0.1:0' });
    const target = { port: Number(listener.address.split(':')[1]) };
    const early = send(target, '/');
    const connected = openConnection(target);
    connected.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    listener.serveBy(stages[0]?.front as Front);
    expect((await early).text()).toBe('one');
    await connected.until('one');
    listener.serveBy(stages[1]?.front as Front);
    connected.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await connected.until('two');
    connected.end();
    await listener.close();
  });

  it('forgets a client that leaves before the first front is there', async () => {
    const stage = await stageBefore(ok('hello'));
    const connections = new Connections();
    const listener = await startListener({ bind: '127.0.0.1:0', connections });
    const target = { port: Number(listener.address.split(':')[1]) };
    const leaving = openSocket(target).resume();
    leaving.end('GET /left HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(leaving, 'close');
    const early = send(target, '/early');
    listener.serveBy(stage.front);
    expect((await early).text()).toBe('hello');
    expect(stage.requests.map(({ target: asked }) => asked)).toEqual(['/early']);
    await listener.close();
    expect([connections.count, stage.observations.length]).toEqual([0, 1]);
  });

  it.each(['close', 'leave'] as const)(
    'ends all who wait for a front that will not come: %s',
    async (end) => {
      const listener = await startListener({ bind: '127.0.0.1:0' });
      const target = { port: Number(listener.address.split(':')[1]) };
      const clients = ['', 'GET / HTTP/1.1\r\nHo', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'].map((bytes) => {
        const client = openConnection(target);
        return { client, arrived: client.flush(bytes) };
      });
      for (const { arrived } of clients) await arrived;
      await listener[end]();
      expect(await Promise.all(clients.map(({ client }) => client.closed))).toEqual(['', '', '']);
    },
  );

  it('resolves each end that was asked for', async () => {
    const stage = await stageBefore(ok('hello'));
    const client = openConnection(stage.target);
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.until('hello');
    await Promise.all([stage.listener.leave(), stage.listener.handOver(), stage.listener.close()]);
  });

  it('closes the connections of an earlier front as well when it ends', async () => {
    let answer: () => void = () => undefined;
    const isAsked = new Promise<void>((asked) => {
      answer = asked;
    });
    let end: () => void = () => undefined;
    const stage = await stageBefore((socket, text) => {
      if (!text.endsWith('\r\n\r\n')) return;
      end = () => void socket.write(ok('late'));
      answer();
    });
    const client = openConnection(stage.target);
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await isAsked;
    stage.listener.serveBy((await stageBefore(ok('two'))).front);
    const closed = stage.listener.close();
    end();
    expect(await client.closed).toMatch(/Connection: close\r\n(.*\r\n)*\r\nlate/i);
    await closed;
  });

  it('opens a Unix socket to its group and to nobody else', async () => {
    const path = `${folder.path}/front.sock`;
    const stage = await stageBefore(ok('hello'), { listener: { bind: `unix:${path}`, socketGroup: 33 } });
    const stats = statSync(path);
    expect([stats.mode & 0o777, stats.gid]).toEqual([0o660, 33]);
    expect(stage.listener.address).toBe(`unix:${path}`);
    expect((await send(stage.target, '/')).text()).toBe('hello');
  });

  it('takes the place of a socket that nobody serves', async () => {
    const path = `${folder.path}/front.sock`;
    await leaveStaleSocket(path);
    const stage = await startStage({ listener: { bind: `unix:${path}` } });
    expect((await send({ socketPath: path }, '/')).status).toBe(503);
    await stage.close();
  });

  it('leaves a socket that is served, and a file, where they are', async () => {
    const path = `${folder.path}/front.sock`;
    const stage = await startStage({ listener: { bind: `unix:${path}` } });
    await expect(startStage({ listener: { bind: `unix:${path}` } })).rejects.toMatchObject({
      code: 'ERR_LISTEN',
    });
    await stage.close();
    const file = `${folder.path}/file`;
    writeFileSync(file, 'mine');
    await expect(startStage({ listener: { bind: `unix:${file}` } })).rejects.toMatchObject({
      code: 'ERR_LISTEN',
    });
    expect(statSync(file).isFile()).toBe(true);
  });

  it('leaves the socket of a program alone that has no room for a further client', async () => {
    const path = `${folder.path}/busy.sock`;
    const program = spawn('python3', ['-c', BUSY_PROGRAM, path], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(program.stdout, 'data');
    const file = statSync(path);
    await expect(startStage({ listener: { bind: `unix:${path}` } })).rejects.toMatchObject({
      code: 'ERR_LISTEN',
    });
    expect(statSync(path).ino).toBe(file.ino);
    program.stdin.end();
    await once(program, 'close');
  });

  it('says which address is taken and what to write instead', async () => {
    const other = createHttpServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    const failure = startStage({ listener: { bind: `127.0.0.1:${port}`, advice: 'write "listen"' } });
    await expect(failure).rejects.toMatchObject({
      code: 'ERR_LISTEN',
      message: `Cannot listen on "127.0.0.1:${port}": it is taken: free it, or write "listen"`,
    });
    other.close();
  });

  it('finishes what it has begun, then ends', async () => {
    const sockets: { write(text: string): void }[] = [];
    const stage = await stageBefore((socket) => void sockets.push(socket));
    const [busy, idle] = [openConnection(stage.target), openConnection(stage.target)];
    idle.write('OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n');
    await idle.until('200 OK');
    busy.write('GET /1 HTTP/1.1\r\nHost: a\r\n\r\n');
    await expect.poll(() => sockets.length).toBe(1);
    const ended = stage.listener.close();
    await expect
      .poll(async () => (await send(stage.target, '/').catch(() => 'refused')) === 'refused')
      .toBe(true);
    sockets[0]?.write(ok('hello'));
    expect(await busy.closed).toContain('hello');
    await ended;
  });

  it('cuts an answer short so that a client of HTTP/1.0 cannot take it for the whole', async () => {
    const stage = await stageBefore((socket) => void socket.write('HTTP/1.1 200 OK\r\n\r\nhalf'));
    const client = openSocket(stage.target);
    const ended = new Promise((resolve) => client.once('error', resolve).once('end', () => resolve('end')));
    client.write('GET / HTTP/1.0\r\nHost: a\r\n\r\n');
    let text = '';
    for await (const chunk of client.iterator({ destroyOnReturn: false })) {
      text += chunk;
      if (text.endsWith('half')) break;
    }
    client.resume();
    stage.listener.destroy();
    expect(await ended).toMatchObject({ code: 'ECONNRESET' });
  });

  it('tells a client on a connection that was busy at its end to connect anew', async () => {
    const sockets: { write(text: string): void }[] = [];
    const stage = await stageBefore((socket) => void sockets.push(socket));
    const client = openConnection(stage.target);
    client.write('GET /1 HTTP/1.1\r\nHost: a\r\n\r\n');
    await expect.poll(() => sockets.length).toBe(1);
    const ended = stage.listener.close();
    sockets[0]?.write(ok('hello'));
    expect(await client.closed).toMatch(/\r\nConnection: close\r\n/);
    await ended;
  });
});

/** Listens, takes in nobody, and has connected to itself until there is no room; ends with its input. */
const BUSY_PROGRAM = `
import socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(0)
clients = []
try:
    while True:
        client = socket.socket(socket.AF_UNIX)
        client.setblocking(False)
        client.connect(sys.argv[1])
        clients.append(client)
except BlockingIOError:
    pass
print("busy", flush=True)
sys.stdin.read()
`;

/** A socket file whose server is gone: Node removes the file of a server that closes, so another's file is renamed. */
async function leaveStaleSocket(path: string): Promise<void> {
  const { renameSync } = await import('node:fs');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`${path}.old`, resolve));
  renameSync(`${path}.old`, path);
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
