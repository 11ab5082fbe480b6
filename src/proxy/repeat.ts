/** Whether a request may be sent a second time after its process broke off (RFC 9110 §9.2.2). */
import type { Lease } from '../groups/lease.ts';
import type { Exchange } from './exchange.ts';

/** RFC 9110 §9.2.2; TRACE never gets here. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

/** What the built-in worker reads at once (`RECEIVE_SIZE` of wsgi_connection.py). */
const READ_AT_ONCE_BYTES = 16_384;

/**
 * Where nobody can have begun with the request, or once, where the method allows it; with a body only where that was sent whole from
 * memory: what an application has read of another cannot be sent again.
 */
export function mayRepeat(exchange: Exchange, { upstream }: Lease, error: Error): boolean {
  const { request, head, headers, route, wasRepeated, wholeBody } = exchange;
  if (route === undefined) return false;
  const hasBody = head?.body !== 'none' && Number(headers.length) !== 0;
  if (hasBody && wholeBody === undefined) return false;
  if (!wasRepeated && IDEMPOTENT.has(request.method)) return true;
  return wasUnread(upstream, error) && (!hasBody || isReadAtOnce(exchange, upstream));
}

/**
 * Linux resets a Unix socket, instead of ending it, when its other side is closed before it has read all that was sent. So a head
 * that nothing follows was not read to its end.
 */
function wasUnread({ tcp }: Lease['upstream'], error: NodeJS.ErrnoException): boolean {
  return tcp === undefined && error.code === 'ECONNRESET' && error.syscall === 'read';
}

/** Whether the process has read all of head and body if it has read any: they went out in one write. */
function isReadAtOnce(
  { request, head, destination, wholeBody }: Exchange,
  { foreign }: Lease['upstream'],
): boolean {
  if (foreign !== undefined) return false;
  const line = `${request.method} ${head?.path} HTTP/1.1\r\n`;
  const fields = destination?.headers ?? [];
  // Behind a name `: `, behind a value the end of its line.
  const size = fields.reduce((sum, text) => sum + text.length + 2, line.length + 2);
  return size + (wholeBody?.length ?? 0) <= READ_AT_ONCE_BYTES;
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
