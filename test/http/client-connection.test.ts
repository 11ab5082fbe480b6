/** Connections of clients, with a handler of the test in the place of a front. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HttpServer, type ServerHandler } from '../../src/http/http-server.ts';
import { openConnection, type Target } from '../support/raw-http.ts';

const LIMITS = {
  headBytes: 65_536,
  requestLineBytes: 8190,
  headTimeoutMs: 10_000,
  keepAliveTimeoutMs: 15_000,
};

async function serve(handler: Partial<ServerHandler>): Promise<Target> {
  const server = new HttpServer(
    {
      opened: () => undefined,
      request: () => undefined,
      refused: (connection) => connection.refuse('HTTP/1.1 400 Bad Request\r\n\r\n', false),
      brokenBody: () => undefined,
      untaken: () => undefined,
      held: () => undefined,
      failed: () => undefined,
      endedIdle: () => undefined,
      ...handler,
    },
    LIMITS,
  );
  server.listening.listen(0, '127.0.0.1');
  await once(server.listening, 'listening');
  onTestFinished(async () => {
    const stopped = server.stopAccepting();
    for (const { socket } of server.connections) socket.destroy();
    await stopped;
  });
  return { port: (server.listening.address() as AddressInfo).port };
}

describe('ClientConnection', () => {
  it.each([
    ['the first request', ''],
    ['a request behind another one', 'GET /good HTTP/1.1\r\n\r\n'],
  ])('ends alone when its handler fails at %s, and tells of it', async (_, before) => {
    const faults: unknown[] = [];
    const target = await serve({
      request(request, response) {
        if (request.target === '/bad') throw new Error('fault of the handler');
        request.frame(undefined);
        response.writeHead(200, 'OK', ['Content-Length', '4']);
        response.end(Buffer.from('good'));
      },
      failed: (error) => void faults.push(error),
    });
    const other = openConnection(target);
    other.write('GET /good HTTP/1.1\r\n\r\n');
    await other.until('good');
    const client = openConnection(target);
    client.write(`${before}GET /bad HTTP/1.1\r\n\r\n`);
    expect((await client.closed).match(/good/g)).toEqual(before === '' ? null : ['good']);
    expect(faults).toEqual([new Error('fault of the handler')]);
    other.write('GET /good HTTP/1.1\r\n\r\n');
    await other.until('goodHTTP/1.1 200 OK');
    other.end();
  });
});
