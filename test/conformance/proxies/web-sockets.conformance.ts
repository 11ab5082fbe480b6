/** Handshakes that go wrong, as the suites of httpxy (unjs/httpxy) and http-proxy-3 (sagemathinc/http-proxy-3) have them. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { NoRoute } from '../../../src/routing/route.ts';
import { ok, type Stage, stageBefore } from '../../proxy/stage.ts';
import { exchange, openConnection, openSocket } from '../../support/raw-http.ts';

const NONE: NoRoute = { kind: 'none', status: 404, reason: 'not_wsgi', message: '' };
const HANDSHAKE =
  'GET /chat HTTP/1.1\r\nHost: www.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

/** A stage before a legacy upstream that does as it is told with each connection once a handshake has come. */
async function stageWith(serve: (socket: Socket, first: string) => void): Promise<Stage> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('data', (bytes) => serve(socket, bytes.toString('latin1')));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'string' ? '' : address?.port;
  return stageBefore(ok('hello'), { route: NONE, front: { legacy: `http://127.0.0.1:${port}` } });
}

describe('a handshake', () => {
  it.each<readonly [string, (socket: Socket) => void]>([
    ['ends its connection', (socket) => void socket.end()],
    ['resets it', (socket) => void socket.resetAndDestroy()],
    ['answers half a head', (socket) => void socket.end('HTTP/1.1 101 Switch')],
  ])('whose upstream %s is answered with 502', async (_, serve) => {
    const stage = await stageWith(serve);
    expect((await exchange(stage.target, HANDSHAKE)).status).toBe(502);
  });

  it.each([[401], [403], [404], [500]])(
    'that the upstream answers with %d is answered so',
    async (status) => {
      const stage = await stageWith(
        (socket) => void socket.write(`HTTP/1.1 ${status} No\r\nContent-Length: 2\r\n\r\nno`),
      );
      const answer = await exchange(stage.target, HANDSHAKE);
      expect([answer.status, answer.text()]).toEqual([status, 'no']);
    },
  );

  it('that is refused by an answer that breaks off is not answered whole, and the sidecar goes on', async () => {
    const stage = await stageWith((socket) => {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nhalf');
    });
    for (let i = 0; i < 2; i += 1) {
      const answer = await exchange(stage.target, HANDSHAKE).catch(() => undefined);
      expect([undefined, 'cut']).toContain(answer?.end);
    }
  });

  it.each([[200], [426]])(
    'that the upstream takes for a plain request is answered so: %d',
    async (status) => {
      const stage = await stageWith(
        (socket) => void socket.write(`HTTP/1.1 ${status} Plain\r\nContent-Length: 2\r\n\r\nno`),
      );
      const answer = await exchange(stage.target, HANDSHAKE);
      expect([answer.status, answer.text()]).toEqual([status, 'no']);
      expect(stage.webSockets).toEqual([]);
    },
  );

  it.each([
    ['another method', HANDSHAKE.replace('GET', 'POST').replace('\r\n\r\n', '\r\nContent-Length: 0\r\n\r\n')],
    ['another protocol', HANDSHAKE.replace('Upgrade: websocket', 'Upgrade: anotherprotocol')],
    ['no Upgrade', HANDSHAKE.replace('Upgrade: websocket\r\n', '')],
    ['no Connection', HANDSHAKE.replace('Connection: Upgrade\r\n', '')],
    ['HTTP/1.0', HANDSHAKE.replace('HTTP/1.1', 'HTTP/1.0')],
  ])('that is none is a plain request to the upstream: %s', async (_, bytes) => {
    let seen = '';
    const stage = await stageWith((socket, first) => {
      seen = first;
      socket.end(ok('plain'));
    });
    expect((await exchange(stage.target, bytes)).text()).toBe('plain');
    expect(seen).not.toMatch(/^upgrade:/im);
    expect(stage.webSockets).toEqual([]);
  });

  it('keeps every cookie of its answer, and the frames that come with that', async () => {
    const stage = await stageWith((socket) => {
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
          'Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nearly',
      );
    });
    const client = openConnection(stage.target);
    client.write(HANDSHAKE);
    await client.until('\r\n\r\nearly');
    await client.until('Set-Cookie: a=1\r\n');
    await client.until('Set-Cookie: b=2\r\n');
    await client.until('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n');
    client.end();
  });

  it.each(['ends', 'breaks'])('whose client %s before the upstream refuses harms nobody', async (way) => {
    let refuse: () => void = () => undefined;
    let tellGone: () => void = () => undefined;
    const isGone = new Promise<void>((resolve) => {
      tellGone = resolve;
    });
    const isAsked = new Promise<void>((resolve) => {
      refuse = resolve;
    });
    const stage = await stageWith((socket) => {
      socket.on('close', tellGone);
      refuse();
    });
    const client = openSocket(stage.target).on('error', () => {});
    client.write(HANDSHAKE);
    await isAsked;
    if (way === 'ends') client.destroy();
    else client.resetAndDestroy();
    await isGone;
    expect(await stage.observed()).toMatchObject({ aborted: true });
  });

  it.each(['client', 'upstream'])(
    'that has become a connection ends for both when the %s breaks it',
    async (side) => {
      let upstream: Socket | undefined;
      let tellGone: () => void = () => undefined;
      const isGone = new Promise<void>((resolve) => {
        tellGone = resolve;
      });
      const stage = await stageWith((socket) => {
        upstream = socket.on('close', tellGone);
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nopen',
        );
      });
      const client = openSocket(stage.target).on('error', () => {});
      const isEnded = new Promise<void>((resolve) => client.once('close', () => resolve()));
      await new Promise<void>((resolve) => {
        client.on('data', (bytes: Buffer) => void (bytes.includes('open') && resolve()));
        client.write(HANDSHAKE);
      });
      (side === 'client' ? client : upstream)?.resetAndDestroy();
      await Promise.all([isGone, isEnded]);
      expect(await stage.observed()).toMatchObject({ status: 101 });
    },
  );

  it('that has become a connection is half open for as long as the upstream has something to say', async () => {
    const stage = await stageWith((socket) => {
      socket.write(SWITCH);
      // Its last words, when nothing more can come.
      socket.once('end', () => socket.end('last words'));
    });
    const { port } = stage.target as { readonly port: number };
    const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    let text = '';
    client.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
      if (text.endsWith('\r\n\r\n')) client.end();
    });
    client.write(HANDSHAKE);
    await once(client, 'close');
    expect(text).toMatch(/last words$/);
    expect(await stage.observed()).toMatchObject({ status: 101, aborted: false });
  });

  it('that has become a connection ends for the client when the upstream has said its last, and all of that comes', async () => {
    const stage = await stageWith((socket) => void socket.end(`${SWITCH}${'x'.repeat(1_000_000)}`));
    const client = openConnection(stage.target);
    client.write(HANDSHAKE);
    expect((await client.closed).length).toBeGreaterThan(1_000_000);
  });

  it('is cut off at the deadline of a listener that ends, where nobody answers its Close frame or none fits in', async () => {
    const stage = await stageWith((socket, first) => {
      // A frame of five bytes, of which two come.
      socket.write(`${SWITCH}${first.includes('/half') ? '\x81\x05he' : '\x81\x02hi'}`, 'latin1');
    });
    const clients = ['/chat', '/half'].map((path) => {
      const client = openConnection(stage.target);
      client.write(HANDSHAKE.replace('/chat', path));
      return client;
    });
    await clients[0]?.until('hi');
    await clients[1]?.until('he');
    const closed = stage.listener.close();
    const [whole = '', half = ''] = await Promise.all(clients.map((client) => client.closed));
    await closed;
    expect(whole.endsWith('hi\x88\x02\x03\xe9')).toBe(true);
    expect(half).toMatch(/he$/);
  }, 15_000);

  it('passes through two sidecars, one before the other', async () => {
    const inner = await stageWith((socket) => {
      socket.on('data', (bytes: Buffer) => socket.write(bytes.toString('latin1').toUpperCase()));
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    });
    const { port } = inner.target as { readonly port: number };
    const outer = await stageBefore(ok('hello'), {
      route: NONE,
      front: { legacy: `http://127.0.0.1:${port}` },
    });
    const client = openConnection(outer.target);
    client.write(HANDSHAKE);
    await client.until('\r\n\r\n');
    client.write('hello');
    await client.until('HELLO');
    client.end();
  });

  it('whose client sends frames with it loses none of them', async () => {
    let seen = '';
    const stage = await stageWith((socket) => {
      socket.on('data', (chunk: Buffer) => {
        seen += chunk.toString('latin1');
        if (seen.includes('more')) socket.write('got it');
      });
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    });
    const client = openConnection(stage.target);
    client.write(`${HANDSHAKE}early`);
    await client.until('101');
    client.write('more');
    await client.until('got it');
    expect(seen).toBe('earlymore');
    client.end();
  });
});
