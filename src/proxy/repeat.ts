/** Whether a request may be sent a second time after its process broke off (RFC 9110 §9.2.2). */
import type { Lease } from '../groups/lease.ts';
import type { Exchange } from './exchange.ts';

/** RFC 9110 §9.2.2; TRACE never gets here. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

/**
 * Where nobody can have begun with the request, or once, where the method allows it; and only without a body: what an application
 * has read of one cannot be sent again.
 */
export function mayRepeat(exchange: Exchange, { upstream }: Lease, error: Error): boolean {
  const { request, response, head, headers, route, wasRepeated } = exchange;
  if (route === undefined || response.headersSent) return false;
  const hasBody = head?.body !== 'none' && Number(headers.length) !== 0;
  if (hasBody) return false;
  return wasUnread(upstream, error) || (!wasRepeated && IDEMPOTENT.has(request.method ?? ''));
}

/**
 * Linux resets a Unix socket, instead of ending it, when its other side is closed before it has read all that was sent. So a head
 * that nothing follows was not read to its end.
 */
function wasUnread({ tcp }: Lease['upstream'], error: NodeJS.ErrnoException): boolean {
  return tcp === undefined && error.code === 'ECONNRESET' && error.syscall === 'read';
}

/** How long the end of a process that has broken off may take to be told, in milliseconds. */
const LONGEST_END_MS = 250;

/** Calls back when the process has ended, or seems to live: one that is ending still takes connections, and breaks them too. */
export function afterEnd(closed: AbortSignal, callback: () => void): void {
  if (closed.aborted) {
    callback();
    return;
  }
  const goOn = (): void => {
    clearTimeout(timer);
    closed.removeEventListener('abort', goOn);
    callback();
  };
  const timer = setTimeout(goOn, LONGEST_END_MS);
  closed.addEventListener('abort', goOn);
}
