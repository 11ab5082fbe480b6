import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, it, onTestFinished } from 'vitest';
import { cutOff } from '../../src/http/cut-off.ts';
import { openSocket } from '../support/raw-http.ts';

async function connected(): Promise<{ readonly client: Socket; readonly served: Socket }> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = openSocket({ port: (server.address() as AddressInfo).port }).on('error', () => undefined);
  const [served] = (await once(server, 'connection')) as [Socket];
  onTestFinished(() => {
    client.destroy();
    server.close();
  });
  return { client, served };
}

describe('cutOff()', () => {
  it('tells of the close of a socket whose end has just been asked for', async () => {
    const { client, served } = await connected();
    const isEnded = once(client.resume(), 'end');
    const isClosed = once(served, 'close');
    served.end();
    cutOff(served);
    await Promise.all([isClosed, isEnded]);
  });
});
