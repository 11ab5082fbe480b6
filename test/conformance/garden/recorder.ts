/** What stands behind every server of the garden: answers each request that its bytes frame, and keeps what it was asked. */
import { createServer, type Socket } from 'node:net';
import { type Framed, readConnection } from '../fuzz/reference-reader.ts';

export type GardenRecorder = {
  readonly port: number;
  /** What came since the last time, in order; bytes that frame nothing have the method `?`. */
  take(): readonly Framed[];
  close(): Promise<void>;
};

export async function startGardenRecorder(): Promise<GardenRecorder> {
  let seen: Framed[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.once('close', () => sockets.delete(socket)).on('error', () => {}));
    let bytes = '';
    let answered = 0;
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.toString('latin1');
      const { requests, brokenBy } = readConnection(bytes);
      const fresh = requests.slice(answered);
      answered = requests.length;
      seen.push(...fresh);
      for (const { method } of fresh) socket.write(answerTo(method));
      if (brokenBy !== 'invalid') return;
      seen.push({ method: '?', target: bytes, body: '' });
      socket.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A server of TCP has a port');
  return {
    port: address.port,
    take: () => {
      const taken = seen;
      seen = [];
      return taken;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function answerTo(method: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n${method === 'HEAD' ? '' : 'kept\n'}`;
}
