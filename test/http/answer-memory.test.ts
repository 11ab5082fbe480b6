/** What is read of upstreams is read into the same memory: an answer that waits for its client may not hold any of it. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { HttpServer } from '../../src/http/http-server.ts';
import { openSocket } from '../support/raw-http.ts';

const LIMITS = { headBytes: 65_536, requestLineBytes: 8190, headTimeoutMs: 0, keepAliveTimeoutMs: 0 };

/** More than the system takes of an answer whose client reads nothing. */
const LONG = 16 * 1024 * 1024;

const nothing = (): void => undefined;

it.each([
  ['length', ['Content-Length', String(LONG)]],
  ['chunks', []],
])(
  'sends what an answer was ended with, by %s, though its memory is used again at once',
  async (_, fields) => {
    const server = new HttpServer(
      {
        opened: nothing,
        refused: nothing,
        brokenBody: nothing,
        failed: nothing,
        untaken: nothing,
        held: nothing,
        endedIdle: nothing,
        request(request, response) {
          request.frame(undefined);
          const shared = Buffer.alloc(LONG, '.');
          response.writeHead(200, 'OK', fields);
          response.end(shared);
          shared.fill('#');
        },
      },
      LIMITS,
    );
    server.listening.listen(0, '127.0.0.1');
    await once(server.listening, 'listening');
    onTestFinished(() => server.stopAccepting());
    const client = openSocket({ port: (server.listening.address() as AddressInfo).port });
    client.write('GET / HTTP/1.1\r\nConnection: close\r\n\r\n');
    const pieces: Buffer[] = [];
    let size = 0;
    for await (const piece of client) {
      pieces.push(piece as Buffer);
      size += (piece as Buffer).length;
      if (size > LONG) break;
    }
    expect(size).toBeGreaterThan(LONG);
    expect(Buffer.concat(pieces).indexOf('#')).toBe(-1);
  },
);
