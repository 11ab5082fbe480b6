/** Handshakes that go wrong, as the suites of httpxy (unjs/httpxy) and http-proxy-3 (sagemathinc/http-proxy-3) have them. */
import { createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { NoRoute } from '../../../src/routing/route.ts';
import { ok, type Stage, stageBefore } from '../../proxy/stage.ts';
import { exchange, openConnection } from '../../support/raw-http.ts';

const NONE: NoRoute = { kind: 'none', status: 404, reason: 'not_wsgi', message: '' };
const HANDSHAKE =
  'GET /chat HTTP/1.1\r\nHost: www.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

/** A stage before a legacy upstream that does as it is told with each connection once a handshake has come. */
async function stageWith(serve: (socket: Socket) => void): Promise<Stage> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('data', () => serve(socket));
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
