import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ClientRequest } from '../../src/http/client-request.ts';
import { HeldUploads } from '../../src/proxy/held-uploads.ts';
import { type Client, openClient, openStage, turns } from '../http/stage.ts';
import { type Stage, stageBefore } from './stage.ts';

/** The two ends of a connection of which the server reads nothing. */
async function heldConnection(): Promise<{ readonly client: Socket; readonly held: Socket }> {
  const server = createServer({ pauseOnConnect: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {});
  const [held] = (await once(server, 'connection')) as [Socket];
  held.on('error', () => {});
  client.write('part of a body');
  onTestFinished(() => {
    server.close();
    client.destroy();
    held.destroy();
  });
  return { client, held };
}

describe('HeldUploads', () => {
  it.each([
    ['has ended', (client: Socket) => void client.end()],
    ['has been reset', (client: Socket) => void client.resetAndDestroy()],
  ])('ends a connection that its client %s, and no other', async (_, leave) => {
    const uploads = new HeldUploads(300);
    const [leaving, staying] = [await heldConnection(), await heldConnection()];
    uploads.hold(leaving.held, { isEnded: false });
    uploads.hold(staying.held, { isEnded: false });
    const ended = once(leaving.held, 'close');
    leave(leaving.client);
    await ended;
    expect(staying.held.destroyed).toBe(false);
    uploads.release(leaving.held);
    uploads.release(staying.held);
  });
});

/** As much as the system keeps of a connection that nobody reads, so that what its client does next is heard of. */
const PIECE = 'x'.repeat(60_000);

/** The requests of a stage, in the order in which they come. */
function requestsAt({ front }: Stage): readonly ClientRequest[] {
  const requests: ClientRequest[] = [];
  const handle = front.handle.bind(front);
  front.handle = (request, response) => {
    requests.push(request);
    handle(request, response);
  };
  return requests;
}

/** Sends as much as is read, and a little that is not. */
async function fillUp(client: Client, isFull: () => boolean): Promise<void> {
  while (!isFull()) {
    if (client.socket.writableLength === 0) client.write(PIECE);
    await turns();
  }
}

describe('an upload that nobody reads, in the middle of its answer', () => {
  it('ends in a reset when its client has ended its side, so that HTTP/1.0 does not take a part for the whole', async () => {
    const answered: Socket[] = [];
    const stage = await stageBefore(
      (socket) => {
        if (answered.includes(socket)) return;
        answered.push(socket.pause());
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n');
      },
      { front: { limits: { bodyTimeoutMs: 3_000 } } },
    );
    const requests = requestsAt(stage);
    const client = openClient(stage.target as { readonly port: number });
    client.write('POST / HTTP/1.0\r\nContent-Length: 9000000\r\n\r\n');
    await client.until((text) => text.endsWith('half'));
    await fillUp(client, () => requests[0]?.socket.isPaused() === true);
    client.socket.end();
    expect(await client.ended).toBe('reset');
    expect(await stage.observed()).toMatchObject({ status: 200, aborted: true });
    expect(stage.outcomes).toEqual(['abandoned']);
  });

  it('does not cost its client the rest of an answer that has ended', async () => {
    const stage = await openStage();
    const client = openClient(stage);
    client.socket.pause();
    client.write(`POST / HTTP/1.0\r\nContent-Length: 9000000\r\n\r\n${PIECE}`);
    const { request, response } = await stage.turn();
    request.frame({ kind: 'length', length: 9_000_000 });
    await stage.until('held');
    const uploads = new HeldUploads(0);
    uploads.hold(request.socket, response);
    response.writeHead(200, 'OK', []);
    response.write(Buffer.alloc(20_000_000, 'a'));
    response.end(Buffer.from('all'));
    client.socket.end();
    await uploads.look();
    await uploads.look();
    uploads.release(request.socket);
    client.socket.resume();
    expect(await client.ended).toBe('end');
    expect(client.text().endsWith('all')).toBe(true);
  });
});
