/** Sends the same bytes to every server of the garden. */
import { exchange, openSocket } from '../../support/raw-http.ts';
import type { Framed } from '../fuzz/reference-reader.ts';
import type { GardenServer } from './servers.ts';

/** What a server made of a case. */
export type Made = {
  /** What reached the recorder. */
  readonly passed: readonly Framed[];
  /** Statuses of the final answers. */
  readonly answers: readonly number[];
};

/**
 * A server that waits for more says so by nothing. How long a client hears nothing before it makes sure that the server has not only been
 * slow: what the server has answered to another client by then came to it later.
 */
const SILENCE_MS = 400;
const LATER = '/asked-later';

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
    const finishIfSilent = async (): Promise<void> => {
      const { length } = received;
      await exchange(
        { port: server.port },
        `GET ${LATER} HTTP/1.1\r\nHost: wire.test\r\nConnection: close\r\n\r\n`,
      );
      if (received.length === length) finish();
    };
    socket.setTimeout(SILENCE_MS, () => void finishIfSilent());
    socket.on('error', () => {}).once('close', finish);
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
      if (statuses(received).length >= most) finish();
    });
    socket.write(bytes, 'latin1');
  });
  const passed = server.recorder.take().filter(({ target }) => target !== LATER);
  return { passed, answers: statuses(text) };
}

function statuses(text: string): readonly number[] {
  return [...text.matchAll(/(?:^|\n)HTTP\/1\.[01] ([2-5]\d\d)/g)].map(([, status]) => Number(status));
}
