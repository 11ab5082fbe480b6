/** The end of a connection whose client may still be sending. */
import type { Socket } from 'node:net';

/** What Apache gives such a client (`SECONDS_TO_LINGER` is 30 of them, 2 without a byte). */
const LINGER_MS = 2_000;

/**
 * Has a connection take in what comes for a while after its last answer, and throw it away: closed at once with bytes unread, the system
 * would reset it, and the reset destroys the answer that the client has not read yet.
 */
export function lingerAtEnd(socket: Socket): void {
  socket.destroySoon = () => {
    if (socket.writable) socket.end();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('end', () => socket.destroy());
    socket.once('close', () => clearTimeout(timer));
    socket.resume();
  };
}
