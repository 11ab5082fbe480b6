/** WebSocket connections through the sidecar, with a real client and a real server (ws), and byte by byte where those are too polite. */
import { once } from 'node:events';
import { createServer as createHttpServer, type Server } from 'node:http';
import { type AddressInfo, createServer, type Server as NetServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { REJECTED_REASONS } from '../../src/metrics/reasons.ts';
import { groupKey } from '../../src/routing/group-key.ts';
import type { NoRoute } from '../../src/routing/route.ts';
import { exchange, openConnection } from '../support/raw-http.ts';
import { answering, ok, type Stage, type StageParts, stageBefore, wsgiRoute } from './stage.ts';

const none: NoRoute = { kind: 'none', status: 404, reason: 'not_wsgi', message: '' };

const HANDSHAKE =
  'GET /chat HTTP/1.1\r\nHost: www.test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

describe('a WebSocket through the sidecar', () => {
  let http: Server;
  let sockets: WebSocketServer;
  let legacy: string;

  beforeEach(async () => {
    http = createHttpServer((_, response) => response.end('plain'));
    sockets = new WebSocketServer({ server: http, maxPayload: 64 * 1024 * 1024 });
    sockets.on('connection', (socket, request) => {
      socket.on('error', () => {});
      socket.send(JSON.stringify(request.rawHeaders));
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    });
    legacy = `http://127.0.0.1:${await listening(http)}`;
  });

  afterEach(() => {
    sockets.close();
    http.close();
    http.closeAllConnections();
  });

  const stageWith = (more: StageParts = {}): Promise<Stage> =>
    stageBefore(ok('hello'), { route: none, ...more, front: { legacy, ...more.front } });

  it('echoes text, fragments and three million bytes, and passes the code of the close', async () => {
    const stage = await stageWith();
    const client = await connectTo(stage);
    const big = Buffer.alloc(3_000_000, 'abc');
    client.socket.send('one');
    client.socket.send('frag', { fin: false });
    client.socket.send('ments', { fin: true });
    client.socket.send(big);
    expect((await client.message()).toString()).toBe('one');
    expect((await client.message()).toString()).toBe('fragments');
    expect((await client.message()).equals(big)).toBe(true);
    client.socket.close(4321, 'done');
    expect(await client.closed).toBe(4321);
    const seen = await stage.observed();
    expect(seen).toMatchObject({ status: 101, arm: 'legacy', aborted: false });
    expect(stage.webSockets).toEqual([undefined]);
    expect(seen.responseBytes).toBeGreaterThan(3_000_000);
    expect(seen.requestBytes).toBeGreaterThan(3_000_000);
  });

  it('tells the upstream who the client is, and nothing that the client says of itself', async () => {
    const stage = await stageWith();
    const client = await connectTo(stage, { 'X-Forwarded-For': '9.9.9.9', 'X-Sidecar-Request': '{}' });
    const raw = JSON.parse(client.first) as string[];
    const headers = new Map(
      raw.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), raw[i + 1]]] : [])),
    );
    expect(headers.get('x-forwarded-for')).toBe('127.0.0.1');
    expect(headers.has('x-sidecar-request')).toBe(false);
    expect(headers.get('upgrade')).toBe('websocket');
    client.socket.terminate();
  });

  it('is served as a plain request where no upstream can speak it', async () => {
    const stage = await stageBefore(ok('hello'));
    const answer = await exchange(stage.target, HANDSHAKE);
    expect([answer.status, answer.text(), answer.header('connection')]).toEqual([200, 'hello', 'close']);
    expect(stage.recorder.received[0]).not.toMatch(/^upgrade:/im);
  });

  it('serves Upgrade: h2c as the plain request that it is, body and all, and keeps the connection', async () => {
    const stage = await stageBefore((socket, text) => {
      if (text.endsWith('abc') || text.includes('/next')) socket.write(ok('hello'));
    });
    const client = openConnection(stage.target);
    client.write(
      'POST /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\nContent-Length: 3\r\n\r\nabc',
    );
    await client.until('hello');
    client.write('GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect((await client.closed).match(/200 OK/g)).toHaveLength(2);
    expect(stage.recorder.received.join('')).not.toMatch(/^http2-settings:/im);
  });

  it('waits for the answers to what came before it', async () => {
    const stage = await stageWith({ route: ({ target }) => (target === '/chat' ? none : wsgiRoute()) });
    const client = openConnection(stage.target);
    client.write(`GET /first HTTP/1.1\r\nHost: www.test\r\n\r\n${HANDSHAKE}`);
    await client.until('101 Switching Protocols');
    client.end();
    const text = await client.closed;
    expect(text.indexOf('200 OK')).toBeGreaterThanOrEqual(0);
    expect(text.indexOf('101 Switching')).toBeGreaterThan(text.indexOf('hello'));
  });

  it('passes the answer of an upstream that refuses', async () => {
    sockets.close();
    const stage = await stageWith();
    const answer = await exchange(stage.target, HANDSHAKE);
    expect([answer.status, answer.text()]).toEqual([200, 'plain']);
  });

  it('answers 502 where the upstream cannot be reached', async () => {
    http.close();
    http.closeAllConnections();
    const stage = await stageWith();
    expect((await exchange(stage.target, HANDSHAKE)).status).toBe(502);
    expect(await stage.observed()).toMatchObject({ status: 502, reason: 'upstream_connect' });
  });

  it('answers 503 beyond the number of connections that may be', async () => {
    const stage = await stageWith({ front: { limits: { webSockets: 1 } } });
    const first = await connectTo(stage);
    expect((await exchange(stage.target, HANDSHAKE)).status).toBe(503);
    expect(await stage.observed()).toMatchObject({ status: 503, reason: 'web_socket_limit' });
    expect(REJECTED_REASONS.has('web_socket_limit')).toBe(true);
    first.socket.terminate();
    await stage.observed(1);
    (await connectTo(stage)).socket.terminate();
  });

  it('answers 504 where the upstream does not answer the handshake', async () => {
    const upstream = await startSilent();
    const stage = await stageBefore(ok('hello'), {
      responseTimeoutMs: 50,
      route: none,
      front: { legacy: `http://127.0.0.1:${(upstream.server.address() as AddressInfo).port}` },
    });
    const gone = upstream.connected.then((socket) => once(socket, 'close'));
    expect((await exchange(stage.target, HANDSHAKE)).status).toBe(504);
    expect(await stage.observed()).toMatchObject({ status: 504, reason: 'upstream_timeout' });
    await gone;
    upstream.server.close();
  });

  it('says goodbye to a connection that nothing passes on', async () => {
    const stage = await stageWith({ front: { limits: { webSocketTimeoutMs: 50 } } });
    expect(await (await connectTo(stage)).closed).toBe(1001);
    expect(await stage.observed()).toMatchObject({ status: 101, endedBy: 'web_socket_timeout' });
  });

  it('says goodbye when the listener ends', async () => {
    const stage = await stageWith();
    const client = await connectTo(stage);
    const closed = stage.listener.close();
    expect(await client.closed).toBe(1001);
    await closed;
  });

  it('survives a client that goes while its handshake is under way, and leaves the upstream nothing', async () => {
    const upstream = await startSilent();
    const stage = await stageBefore(ok('hello'), {
      route: none,
      front: { legacy: `http://127.0.0.1:${(upstream.server.address() as AddressInfo).port}` },
    });
    const client = openConnection(stage.target);
    client.write(HANDSHAKE);
    const socket = await upstream.connected;
    const gone = new Promise((resolve) => socket.once('close', resolve));
    client.end();
    await gone;
    expect(await stage.observed()).toMatchObject({ aborted: true });
    upstream.server.close();
  });

  it('ends the upstream connection when the client’s breaks, and the client’s when the upstream’s does', async () => {
    const stage = await stageWith();
    const ended = new Promise((resolve) =>
      sockets.once('connection', (socket) => socket.once('close', resolve)),
    );
    (await connectTo(stage)).socket.terminate();
    await ended;
    const client = await connectTo(stage);
    for (const socket of sockets.clients) socket.terminate();
    expect(await client.closed).toBe(1006);
  });
});

async function listening(server: Server | NetServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** An upstream that takes connections and says nothing. */
async function startSilent(): Promise<{ readonly server: NetServer; readonly connected: Promise<Socket> }> {
  let tell: (socket: Socket) => void = () => {};
  const connected = new Promise<Socket>((resolve) => {
    tell = resolve;
  });
  const server = createServer((socket) => tell(socket.on('error', () => {}).resume()));
  await listening(server);
  return { server, connected };
}

type Client = {
  readonly socket: WebSocket;
  readonly first: string;
  /** The next message. */
  message(): Promise<Buffer>;
  /** The code of the close. */
  readonly closed: Promise<number>;
};

/** A connection that is open and has got its first message. */
async function connectTo(stage: Stage, headers: Record<string, string> = {}): Promise<Client> {
  const { port } = stage.target as { port: number };
  const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`, { headers, maxPayload: 64 * 1024 * 1024 });
  const messages: Buffer[] = [];
  const readers: ((message: Buffer) => void)[] = [];
  socket.on('message', (data: Buffer) => {
    const reader = readers.shift();
    if (reader === undefined) messages.push(data);
    else reader(data);
  });
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  const message = (): Promise<Buffer> => {
    const known = messages.shift();
    return known === undefined ? new Promise((resolve) => readers.push(resolve)) : Promise.resolve(known);
  };
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  return { socket, first: (await message()).toString(), message, closed };
}

describe('the WebSockets of a group', () => {
  const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
  const FOREIGN = { keepsConnections: true, wantsForwarding: false, trustClose: false, upgrades: true };

  /** Before an upstream that switches, and may; `/one` and `/two` are groups of their own. */
  const stageOf = async (
    front: NonNullable<StageParts['front']>,
    serve: (socket: Socket, text: string) => void = answering(SWITCH),
    leaving: AbortSignal = new AbortController().signal,
  ): Promise<Awaited<ReturnType<typeof stageBefore>>> => {
    const stage = await stageBefore(serve, {
      front,
      route: ({ target }) => {
        const identity = { processGroup: '', applicationGroup: target };
        return wsgiRoute({ identity, key: groupKey(identity) });
      },
      acquire: () => ({
        kind: 'lease',
        upstream: { ...stage.recorder.upstream, foreign: FOREIGN, leaving },
        queuedMs: 0,
        release: () => undefined,
      }),
    });
    return stage;
  };
  const asking = (path: string): string => HANDSHAKE.replace('/chat', path);

  it('are as many as it says, whatever others have', async () => {
    const stage = await stageOf({
      webSocketsOf: ({ applicationGroup }) => (applicationGroup === '/one' ? { count: 1 } : {}),
    });
    const first = openConnection(stage.target);
    first.write(asking('/one'));
    await first.until('101');
    expect((await exchange(stage.target, asking('/one'))).status).toBe(503);
    expect(await stage.observed()).toMatchObject({
      reason: 'web_socket_limit',
      identity: { applicationGroup: '/one' },
    });
    const other = openConnection(stage.target);
    other.write(asking('/two'));
    await other.until('101');
    first.end();
    await stage.observed(1);
    const next = openConnection(stage.target);
    next.write(asking('/one'));
    await next.until('101');
    for (const client of [other, next]) client.end();
  });

  it('are no more than the listener may have, whatever it says', async () => {
    const stage = await stageOf({ limits: { webSockets: 1 }, webSocketsOf: () => ({ count: 9 }) });
    const first = openConnection(stage.target);
    first.write(asking('/one'));
    await first.until('101');
    expect((await exchange(stage.target, asking('/two'))).status).toBe(503);
    first.end();
  });

  it.each([
    ['the listener', { limits: { webSockets: 1 } }],
    ['the group', { webSocketsOf: () => ({ count: 1 }) }],
  ])('are counted from the beginning of their handshakes: by %s', async (_, front) => {
    const asked: Socket[] = [];
    const stage = await stageOf(front, (socket) => void asked.push(socket));
    const first = openConnection(stage.target);
    first.write(asking('/one'));
    await expect.poll(() => asked).toHaveLength(1);
    expect((await exchange(stage.target, asking('/one'))).status).toBe(503);
    first.end();
    await stage.observed(1);
    const next = openConnection(stage.target);
    next.write(asking('/one'));
    await expect.poll(() => asked).toHaveLength(2);
    asked[1]?.write(SWITCH);
    await next.until('101');
    next.end();
  });

  it('begin without the fields that the upstream says are of its own connection', async () => {
    const fields = 'Connection: Upgrade, X-Hop\r\nX-Hop: 1\r\nX-Kept: 1';
    const stage = await stageOf({}, answering(SWITCH.replace('Connection: Upgrade', fields)));
    const client = openConnection(stage.target);
    client.write(asking('/one'));
    await client.until('\r\n\r\n');
    client.end();
    const [head = ''] = (await client.closed).split('\r\n\r\n');
    expect(head.split('\r\n').slice(1)).toEqual(['Connection: Upgrade', 'Upgrade: websocket', 'X-Kept: 1']);
  });

  it('are told to go where their process has begun to leave while they shook hands', async () => {
    const stage = await stageOf({}, undefined, AbortSignal.abort());
    const client = openConnection(stage.target);
    client.write(asking('/one'));
    await client.until('\x88\x02\x03\xe9');
    client.end();
  });

  it('are told to go where their listener has begun to end while they shook hands', async () => {
    const asked: Socket[] = [];
    const stage = await stageOf({}, (socket) => void asked.push(socket));
    const client = openConnection(stage.target);
    client.write(asking('/one'));
    await expect.poll(() => asked).toHaveLength(1);
    const closed = stage.listener.close();
    asked[0]?.write(SWITCH);
    await client.until('\x88\x02\x03\xe9');
    client.end();
    await closed;
  });

  it('may pass without a byte for as long as it says', async () => {
    const stage = await stageOf({ webSocketsOf: () => ({ timeoutMs: 50 }) });
    const client = openConnection(stage.target);
    client.write(asking('/one'));
    await client.closed;
    expect(await stage.observed()).toMatchObject({ status: 101, endedBy: 'web_socket_timeout' });
  });

  it('tells of no fault where the client leaves in the middle of an answer that is no upgrade', async () => {
    const upstream = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\n\r\nhalf'));
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const ended = once(upstream, 'connection').then(([socket]) => once(socket as Socket, 'close'));
    const stage = await stageBefore(ok('hello'), {
      route: none,
      front: { legacy: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}` },
    });
    const client = openConnection(stage.target);
    client.write(HANDSHAKE);
    await client.until('half');
    client.end();
    await ended;
    expect(await stage.observed()).toMatchObject({ aborted: true, reason: 'client_gone' });
    // A turn of the event loop for whoever would tell of it.
    await exchange(stage.target, 'OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(stage.logged).toEqual([]);
    upstream.close();
  });
});
