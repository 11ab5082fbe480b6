/** A stream as the body of an answer. */
import type { Readable } from 'node:stream';
import type { ClientResponse } from '../http/client-response.ts';

/** Writes all that a stream gives at the client's pace; stops where the client has gone. Rejects when the stream breaks. */
export async function sendAll(bytes: Readable, response: ClientResponse): Promise<void> {
  for await (const piece of bytes) {
    if (!response.isClosed && !response.write(piece as Buffer)) await taken(response);
    if (response.isClosed) return;
  }
}

/** Resolves when the client takes more, or has gone. */
function taken(response: ClientResponse): Promise<void> {
  return new Promise((resolve) => {
    const goOn = (): void => {
      response.off('drain', goOn).off('close', goOn);
      resolve();
    };
    response.on('drain', goOn).on('close', goOn);
  });
}
