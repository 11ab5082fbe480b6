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
