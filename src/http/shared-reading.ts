/** How clients' connections are read: all into the same memory, instead of 64 KiB that are made for each read and cut down to what came. */
import { Socket } from 'node:net';

const READ_BYTES = 65_536;

/** What is read is used or copied before the next one reads. */
const memory = Buffer.allocUnsafeSlow(READ_BYTES);

/** What @types/node leaves out: the connection itself, which a `Socket` can be made of, as net.Server makes it. */
type Inner = { _handle: object | null };

/** When writes are to wait: what has not been taken of an answer. */
const WRITE_AHEAD_BYTES = 16_384;

/**
 * A socket of a connection that a server has accepted with `pauseOnConnect`, in the place of the one that it has made: `take` is given what
 * is read, which holds only until it returns. It emits no `data`. Node lets who connects choose this (`onread`), and not who accepts.
 */
export function readShared(accepted: Socket, take: (bytes: Buffer) => void): Socket {
  const inner = accepted as unknown as Inner;
  const handle = inner._handle;
  inner._handle = null;
  accepted.destroy();
  const callback = (count: number): boolean => {
    take(memory.subarray(0, count));
    return true;
  };
  const options = { handle, allowHalfOpen: true, highWaterMark: WRITE_AHEAD_BYTES };
  return new Socket({ ...options, onread: { buffer: memory, callback } } as object);
}
