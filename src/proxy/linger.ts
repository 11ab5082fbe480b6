/** The end of a connection whose client may still be sending. */
import type { Socket } from 'node:net';

/** What Apache gives such a client (`SECONDS_TO_LINGER` is 30 of them, 2 without a byte). */
const LINGER_MS = 2_000;

/** Node's own mark of a socket that is not to be read on (`onSocketResume()` of `_http_server.js`). */
type Held = Socket & { _paused?: boolean };

/**
 * Has a connection take in what comes for a while after its last answer, and throw it away: closed at once with bytes unread, the system
 * would reset it, and the reset destroys the answer that the client has not read yet.
 */
export function lingerAtEnd(socket: Held): void {
  socket.destroySoon = () => {
    if (socket.writable) socket.end();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('end', () => socket.destroy());
    socket.once('close', () => clearTimeout(timer));
    throwAway(socket);
  };
}

/** Nobody parses it: of requests that nobody will answer Node would keep a response each. */
function throwAway(socket: Held): void {
  socket._paused = false;
  if (socket.readableFlowing === true) takeFromParser(socket);
  else {
    // Node's own listener, which comes first, has the connection read on.
    socket.once('resume', () => takeFromParser(socket)).resume();
  }
}

/** Node's parser lets go of a connection when somebody else listens to it. */
function takeFromParser(socket: Socket): void {
  socket.on('data', ignore);
  for (const listener of socket.listeners('data')) {
    if (listener !== ignore) socket.off('data', listener as () => void);
  }
}

function ignore(): void {
  // Thrown away.
}
