/** What Node's sockets do otherwise than a connection to a group process needs it. */
import type { Socket } from 'node:net';

type Settle = (error?: Error | null) => void;

/**
 * Lets a connection outlive a broken pipe. A process may answer before it has read the whole body, and then close: what it said
 * still waits to be read, but Node ends a socket at the first write that fails. From here on such writes count as done, and what
 * can be read decides: an answer, or the connection's end. Returns whether one has failed.
 */
export function outliveBrokenPipe(socket: Socket): () => boolean {
  const write = socket._write;
  const writev = socket._writev as NonNullable<Socket['_writev']>;
  let isBroken = false;
  let settle: Settle = ignore;
  // One for all writes: a stream has no two under way.
  const settled: Settle = (error) => {
    if ((error as NodeJS.ErrnoException | null | undefined)?.code !== 'EPIPE') settle(error);
    else {
      isBroken = true;
      settle();
    }
  };
  socket._write = (chunk, encoding, callback) => {
    settle = callback;
    if (isBroken) callback();
    else write.call(socket, chunk, encoding, settled);
  };
  socket._writev = (chunks, callback) => {
    settle = callback;
    if (isBroken) callback();
    else writev.call(socket, chunks, settled);
  };
  return () => isBroken;
}

function ignore(): void {
  // Stands for the callback of a first write.
}
