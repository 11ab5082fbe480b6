/** The end of connections that have waited too long for their next request (`limits.keepAliveTimeout`). */
import type { Socket } from 'node:net';
import { carriedAnswer } from './carried-answer.ts';

/**
 * Watches connections, by a listener for each and nothing for a request: Node sets the time after each answer, ends who lets it pass, and
 * tells nobody. `tell` is called when it has.
 */
export function createIdleWatch(tell: () => void): (socket: Socket) => void {
  function onTimeout(this: Socket): void {
    if (this.destroyed && carriedAnswer(this) === undefined) tell();
  }
  // One that is read anew after an upgrade comes twice, and Node's own listener has to be the first.
  return (socket) => void socket.off('timeout', onTimeout).on('timeout', onTimeout);
}
