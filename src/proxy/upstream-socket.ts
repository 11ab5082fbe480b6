/** Connections to the Unix sockets of group processes. */
import { Socket } from 'node:net';
import type { buildConnector } from 'undici';

type Settle = (error?: Error | null) => void;

/** What undici gives its own sockets: 64 KiB at a time. */
const HIGH_WATER_MARK = 65_536;

/**
 * A connection that outlives a broken pipe. A process may answer before it has read the whole body, and then close: what it said
 * still waits to be read, but Node ends a socket at the first write that fails. Here such writes count as done, and what can be read
 * decides: an answer, or the connection's end.
 */
class UpstreamSocket extends Socket {
  #isPipeBroken = false;
  #settle: Settle | undefined;
  // One for all writes: a stream has no two under way.
  readonly #settled: Settle = (error) => {
    const settle = this.#settle as Settle;
    if ((error as NodeJS.ErrnoException | null | undefined)?.code === 'EPIPE') {
      this.#isPipeBroken = true;
      settle();
    } else settle(error);
  };

  override _write(chunk: unknown, encoding: BufferEncoding, settle: Settle): void {
    if (this.#isPipeBroken) {
      settle();
      return;
    }
    this.#settle = settle;
    super._write(chunk, encoding, this.#settled);
  }

  override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], settle: Settle): void {
    if (this.#isPipeBroken) {
      settle();
      return;
    }
    this.#settle = settle;
    super._writev?.(chunks, this.#settled);
  }
}

/** Begins to connect to a Unix socket. */
export function connectUpstream(socketPath: string): Socket {
  return new UpstreamSocket({ highWaterMark: HIGH_WATER_MARK } as object).connect(socketPath);
}

/** undici's way to connect to a Unix socket; no limit in time, because the kernel answers at once. */
export function upstreamConnector(socketPath: string): buildConnector.connector {
  return (_options, callback) => {
    const socket = connectUpstream(socketPath);
    const refuse = (error: Error): void => callback(error, null);
    socket.once('error', refuse);
    socket.once('connect', () => {
      socket.off('error', refuse);
      callback(null, socket);
    });
  };
}
