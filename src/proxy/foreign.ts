/** What a request needs to be served by a server that was not made for the sidecar. */
import type { ForeignTraits } from '../groups/lease.ts';
import { inPercents } from '../log.ts';
import { renderDisguisedEnviron, renderRequestEnviron } from './environ.ts';
import type { Exchange } from './exchange.ts';
import type { Destination } from './upstream-answer.ts';

/** Names that no two spellings of lead to one key of an environ. */
const PLAIN_NAME = /^[A-Za-z0-9-]+$/;

/**
 * The destination as such a server can take it. It does not say when it wants a body (the built-in worker's 102), so a client
 * that waits is told to send it. Headers that came in several lines are joined, and names that only Apache's rule keeps out are
 * left out, because each server has rules of its own for both.
 */
export function fitForeign(exchange: Exchange, traits: ForeignTraits, destination: Destination): Destination {
  exchange.continueNow();
  const headers = joinHeaders(destination.headers);
  const { environ } = destination;
  // A server that wants forwarding reads nothing but the request itself.
  const line = traits.wantsForwarding ? undefined : disguiseOf(exchange);
  if (environ !== undefined) {
    const render = line === undefined ? renderRequestEnviron : renderDisguisedEnviron;
    headers.push('x-sidecar-mount', environ.mount.text);
    headers.push('x-sidecar-request', render(environ));
  }
  // A second try has them already.
  if (traits.wantsForwarding && exchange.attempts === 0) addForwarding(headers, exchange, destination);
  const fitting = { ...destination, headers, environ: undefined, trustClose: traits.trustClose };
  return line === undefined ? fitting : { ...fitting, line };
}

/** Methods that change how an answer is framed (RFC 9112 §6.3). */
const FRAMING_METHOD = /^(?:head|connect)$/i;

/**
 * Whether a server that does not mind the case of a method, as gunicorn, would frame its answer otherwise than it is read here: until
 * `responseTimeout` its body would be waited for. One that reads the sidecar's own headers is told another method.
 */
export function isFoldedMethod(method: string, { wantsForwarding }: ForeignTraits): boolean {
  return wantsForwarding && method !== 'HEAD' && FRAMING_METHOD.test(method);
}

/** As WSGI servers know them: gunicorn refuses other methods or writes them in capitals, so that "head" would have no body; waitress refuses them. */
const KNOWN_METHOD = /^[A-Z-]{3,20}$/;
const BEYOND_ASCII = /[\x80-\xff]/;

/** The request line for a server that would not take the client's; the application is told that one (`wsgi_mount.py`). */
function disguiseOf({ method, head }: Exchange): Destination['line'] {
  const { path = '' } = head ?? {};
  const isKnown = KNOWN_METHOD.test(method);
  if (isKnown && !BEYOND_ASCII.test(path)) return undefined;
  return { method: isKnown ? method : 'POST', path: inPercents(path) };
}

/** What a trusted front has said stays and is extended; nobody else's word is among the headers. */
function addForwarding(headers: string[], { peer }: Exchange, { tls }: Destination): void {
  const at = headers.indexOf('x-forwarded-for') + 1;
  if (at > 0 && peer.address !== '') headers[at] += `, ${peer.address}`;
  else if (peer.address !== '') headers.push('x-forwarded-for', peer.address);
  if (!headers.includes('x-forwarded-proto')) headers.push('x-forwarded-proto', tls ? 'https' : 'http');
}

/** One line for each name, with ", " between the values, as Apache merges them (apr_table_compress). */
export function joinHeaders(headers: readonly string[]): string[] {
  const values = new Map<string, string>();
  for (let i = 0; i < headers.length; i += 2) {
    const name = (headers[i] as string).toLowerCase();
    if (!PLAIN_NAME.test(name)) continue;
    const value = headers[i + 1] as string;
    const before = values.get(name);
    values.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return [...values].flat();
}
