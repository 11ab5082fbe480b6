/** The end of a connection whose client may still be sending, or send only when it has ended. */
import { Socket } from 'node:net';

/** What Apache gives such a client (`SECONDS_TO_LINGER` is 30 of them, 2 without a byte). */
const LINGER_MS = 2_000;

/** Node's own mark of a socket that is not to be read on (`onSocketResume()` of `_http_server.js`). */
type Held = Socket & { _paused?: boolean };

/**
 * Has a connection take in what comes for a while after its last answer, and throw it away: closed at once, the system would reset it for
 * every byte that is unread or comes later, and the reset destroys the answer that the client has not read yet. It ends when its client
 * has ended it, too.
 */
export function lingerAtEnd(socket: Socket): void {
  socket.destroySoon = linger;
}

/** Takes that back: a connection that was one too many is not to be one for longer. */
export function endAtOnce(socket: Socket): void {
  socket.destroySoon = Socket.prototype.destroySoon;
}

function linger(this: Held): void {
  if (this.writable) this.end();
  if (this.writableFinished) waitForEnd.call(this);
  else this.once('finish', waitForEnd);
  throwAway(this);
}

function waitForEnd(this: Socket): void {
  if (this.readableEnded) {
    this.destroy();
    return;
  }
  // What watched over the request or its answer.
  this.setTimeout(0);
  this.once('end', this.destroy);
  const timer = setTimeout(() => this.destroy(), LINGER_MS);
  this.once('close', () => clearTimeout(timer));
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
