/** Whether a request may be sent a second time after its process broke off (RFC 9110 §9.2.2). */
import type { Exchange } from './exchange.ts';

/** RFC 9110 §9.2.2; TRACE never gets here. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

/** Once, where the method allows it, and only without a body: what an application has read of one cannot be sent again. */
export function mayRepeat({ request, response, head, headers, route, wasRepeated }: Exchange): boolean {
  if (route === undefined || wasRepeated || response.headersSent) return false;
  const hasBody = head?.body !== 'none' && Number(headers.length) !== 0;
  return !hasBody && IDEMPOTENT.has(request.method ?? '');
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
