import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HeldUploads } from '../../src/proxy/held-uploads.ts';

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
    uploads.hold(leaving.held);
    uploads.hold(staying.held);
    const ended = once(leaving.held, 'close');
    leave(leaving.client);
    await ended;
    expect(staying.held.destroyed).toBe(false);
    uploads.release(leaving.held);
    uploads.release(staying.held);
  });
});
