import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ResponseClock } from '../../src/proxy/response-clock.ts';
import type { AnswerHandler, UpstreamRequest } from '../../src/proxy/transport.ts';
import { UpstreamConnection } from '../../src/proxy/upstream-connection.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

const GET: UpstreamRequest = { method: 'GET', path: '/', headers: [], environ: undefined, body: null };

/** Answers each request with its number, once it is asked. */
async function startUpstream(): Promise<string> {
  const folder = makeTemporaryFolder();
  const path = join(folder.path, 'socket');
  const sockets: Socket[] = [];
  let requests = 0;
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('data', () => {
      requests += 1;
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${requests}`);
    });
  });
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
    folder.remove();
  });
  server.listen(path);
  await once(server, 'listening');
  return path;
}

function connectTo(place: string): UpstreamConnection {
  const clock = new ResponseClock(0);
  const home = { place, keepsConnections: true, clock, connectMs: undefined };
  const connection = new UpstreamConnection({
    ...home,
    giveBack: () => undefined,
    forget: () => undefined,
  });
  onTestFinished(() => connection.close());
  return connection;
}

/** Hears an answer, of which it takes no more than has come. */
function hearing(told: { readonly complete: (body: string) => void }): AnswerHandler {
  let body = '';
  return {
    connected: () => undefined,
    interim: () => undefined,
    head: () => undefined,
    data(bytes) {
      body += bytes.toString();
      return false;
    },
    complete: () => told.complete(body),
    failed: (error) => told.complete(error.message),
    timeOut: () => told.complete('timed out'),
  };
}

describe('UpstreamConnection', () => {
  it('reads the answer to the next request whatever the last one had to wait for', async () => {
    const connection = connectTo(await startUpstream());
    const heard: string[] = [];
    await new Promise<void>((resolve) => {
      const last = hearing({
        complete(body) {
          heard.push(body);
          resolve();
        },
      });
      // The next in the queue of its group gets the connection the moment it is free.
      const first = hearing({
        complete(body) {
          heard.push(body);
          connection.send(GET, last);
        },
      });
      connection.send(GET, first);
    });
    expect(heard).toEqual(['1', '2']);
  });
});
