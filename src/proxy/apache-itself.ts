/** What Apache's core answers itself, for whatever lies at the target: OPTIONS and TRACE (httpd `http_filters.c`). */
import type { Exchange } from './exchange.ts';
import { ALLOWED_METHODS } from './rules.ts';

/** Fields that a client would not want read back to a script of a page (RFC 9110 §9.3.8). */
const SECRETS: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization', 'cookie']);

/** `OPTIONS *` asks the server itself; Apache answers with an empty 200. */
export function answerServerOptions(exchange: Exchange): void {
  exchange.writeHead(200, 'OK', ['Allow', ALLOWED_METHODS, 'Content-Length', '0']);
  exchange.response.end();
}

/** The answer to a request that routing leaves to Apache's core with 200. */
export function answerItself(exchange: Exchange): void {
  if (exchange.request.method === 'TRACE') answerTrace(exchange);
  else answerServerOptions(exchange);
}

/** `ap_send_http_trace()`: the head as it came. */
function answerTrace(exchange: Exchange): void {
  const { request, head } = exchange;
  if (head?.body !== 'none') {
    const message = 'TRACE with a body';
    exchange.refuse({ status: 413, reason: 'body_too_large', message, close: true });
    return;
  }
  const { method, target, minorVersion, rawHeaders } = request;
  const lines = [`${method} ${target} HTTP/1.${minorVersion}`];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (!SECRETS.has(name.toLowerCase())) lines.push(`${name}: ${rawHeaders[i + 1]}`);
  }
  const body = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  exchange.writeHead(200, 'OK', ['Content-Type', 'message/http', 'Content-Length', String(body.length)]);
  exchange.responseBytes = body.length;
  exchange.response.end(body);
}
