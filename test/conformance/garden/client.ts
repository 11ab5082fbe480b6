/** Sends the same bytes to every server of the garden. */
import { openSocket } from '../../support/raw-http.ts';
import type { Framed } from '../fuzz/reference-reader.ts';
import type { GardenServer } from './servers.ts';

/** What a server made of a case. */
export type Made = {
  /** What reached the recorder. */
  readonly passed: readonly Framed[];
  /** Statuses of the final answers. */
  readonly answers: readonly number[];
};

/** A server that waits for more says so by nothing: how long a client takes that for an answer. */
const SILENCE_MS = 400;

export async function send(server: GardenServer, pieces: readonly string[]): Promise<Made> {
  server.recorder.take();
  const bytes = pieces.join('');
  const most = bytes.match(/\/\d/g)?.length ?? 1;
  const text = await new Promise<string>((resolve) => {
    const socket = openSocket({ port: server.port });
    let received = '';
    const finish = (): void => {
      socket.destroy();
      resolve(received);
    };
    socket.setTimeout(SILENCE_MS, finish);
    socket.on('error', () => {}).once('close', finish);
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
      if (statuses(received).length >= most) finish();
    });
    socket.write(bytes, 'latin1');
  });
  return { passed: server.recorder.take(), answers: statuses(text) };
}

function statuses(text: string): readonly number[] {
  return [...text.matchAll(/(?:^|\n)HTTP\/1\.[01] ([2-5]\d\d)/g)].map(([, status]) => Number(status));
}
