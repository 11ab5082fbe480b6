/** An answer that its process did not finish never looks whole, and nobody waits for it. */
import { describe, expect, it } from 'vitest';
import { stageBefore } from '../proxy/stage.ts';
import { openSocket } from '../support/raw-http.ts';

describe('an answer that breaks off', () => {
  it.each([
    ['in its length', 'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nhalf', '1.1'],
    ['in its chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n', '1.1'],
    [
      'in its chunks, for HTTP/1.0',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n',
      '1.0',
    ],
    ['where only the end would tell its end', 'HTTP/1.1 200 OK\r\n\r\nhalf', '1.0'],
  ])('resets the connection: %s', async (_, text, version) => {
    const stage = await stageBefore((socket, request) => {
      if (request.endsWith('\r\n\r\n')) socket.write(text, () => socket.end());
    });
    const socket = openSocket(stage.target);
    let received = '';
    const code = await new Promise((resolve) => {
      socket.on('data', (bytes: Buffer) => {
        received += bytes.toString('latin1');
      });
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
      socket.on('end', () => resolve('end'));
      socket.write(`GET / HTTP/${version}\r\nHost: a\r\n\r\n`);
    });
    expect(code).toBe('ECONNRESET');
    expect(received).not.toContain('\r\n0\r\n');
    expect(await stage.observed()).toMatchObject({ reason: 'upstream_truncated' });
  });

  it('resets the connection of a client of HTTP/1.0 that has ended its own side in the middle of it', async () => {
    const stage = await stageBefore((socket) => void socket.write('HTTP/1.1 200 OK\r\n\r\nhalf'));
    const client = openSocket(stage.target);
    const ended = new Promise((resolve) => {
      client.once('error', resolve).once('end', () => resolve('end'));
    });
    client.write('GET / HTTP/1.0\r\nHost: a\r\n\r\n');
    let received = '';
    client.on('data', (bytes: Buffer) => {
      received += bytes.toString('latin1');
      if (received.endsWith('half')) client.end();
    });
    expect(await ended).toMatchObject({ code: 'ECONNRESET' });
    expect(await stage.observed()).toMatchObject({ aborted: true, reason: 'client_gone' });
  });
});
