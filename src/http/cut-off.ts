/** The end of a client's connection in the middle of an answer. */
import type { Socket } from 'node:net';

/**
 * Ends a connection so that what its client has got cannot be taken for the whole: of an answer of HTTP/1.0 a plain close is the end. A Unix
 * socket has no reset; there the missing length or last chunk has to tell.
 */
export function cutOff(socket: Socket): void {
  // Where its end is on its way already, libuv takes no reset (EINVAL), and Node would never tell of the close.
  const isEnding = socket.writableEnded && socket.writableLength === 0;
  if (socket.remoteAddress === undefined || isEnding) socket.destroy();
  else socket.resetAndDestroy();
}
