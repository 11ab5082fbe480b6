/** The end of connections that have waited too long for their next request (`limits.keepAliveTimeout`). */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Node's own field for the answer that a connection carries. */
type Carrying = Socket & { readonly _httpMessage?: ServerResponse | null };

/**
 * Watches connections, by a listener for each and nothing for a request: Node sets the time after each answer, ends who lets it pass, and
 * tells nobody. `tell` is called when it has.
 */
export function createIdleWatch(tell: () => void): (socket: Socket) => void {
  function onTimeout(this: Carrying): void {
    if (this.destroyed && this._httpMessage == null) tell();
  }
  // One that is read anew after an upgrade comes twice, and Node's own listener has to be the first.
  return (socket) => void socket.off('timeout', onTimeout).on('timeout', onTimeout);
}
