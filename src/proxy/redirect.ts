/** Redirects that Apache makes itself: `Redirect`, and mod_dir's slash. */
import { STATUS_CODES } from 'node:http';
import type { RedirectRoute } from '../routing/route.ts';
import type { Exchange } from './exchange.ts';

/** Answers with a redirect; one without a location (410) is an error page. */
export function sendRedirect(exchange: Exchange, route: RedirectRoute): void {
  if (route.location === '') {
    exchange.refuse({ status: route.status, reason: 'redirect', message: 'Redirect says so, to nowhere' });
    return;
  }
  const title = STATUS_CODES[route.status] ?? 'Redirect';
  const body = Buffer.from(
    `<!DOCTYPE html>\n<html lang="en"><head><title>${title}</title></head><body></body></html>\n`,
  );
  const headers = ['Location', encodeControls(route.location)];
  headers.push('Content-Type', 'text/html; charset=utf-8', 'Content-Length', String(body.length));
  exchange.writeHead(route.status, title, headers);
  if (exchange.request.method !== 'HEAD') exchange.responseBytes = body.length;
  exchange.response.end(body);
}

/** A header value carries no control characters; a decoded path may. */
function encodeControls(location: string): string {
  return location.replace(
    /[^\x21-\x7e\x80-\xff]/g,
    (c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`,
  );
}
