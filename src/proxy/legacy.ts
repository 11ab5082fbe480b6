/**
 * The legacy upstream: the Apache that still answers what has not moved. Requests reach it as they came, but for what ends at a
 * proxy, what a client may not say, and the forwarding headers, which say who the client is.
 */
import type { Place } from '../groups/lease.ts';
import type { NoRoute } from '../routing/route.ts';
import type { Exchange } from './exchange.ts';

/** Reasons that are the request's own fault or the sidecar's own limit: Apache is not asked. */
const ANSWERED_HERE: ReadonlySet<string> = new Set(['bad_host', 'target', 'minted_port', 'from_request']);

/** What becomes of requests of which it cannot be computed what Apache would do. */
export type UnresolvedRule = 'legacy' | '404';

/** Whether Apache may answer what the sidecar has no route for. */
export function isForLegacy({ reason }: NoRoute, unresolved: UnresolvedRule = 'legacy'): boolean {
  if (reason === 'unresolved') return unresolved === 'legacy';
  return !ANSWERED_HERE.has(reason);
}

/** The headers for the legacy upstream; forwarding headers are set anew, and extended only behind a trusted peer. */
export function legacyHeaders(exchange: Exchange, tls: boolean): string[] {
  const { headers, peer, head } = exchange;
  const sent = headers.forward;
  if (peer.trusted) {
    for (let i = 0; i < headers.forwarding.length; i += 2) {
      const name = headers.forwarding[i] as string;
      if (name !== 'x-forwarded-for') sent.push(name, headers.forwarding[i + 1] as string);
    }
  }
  const before = peer.trusted ? headers.forwardedFor : undefined;
  const client = [before, peer.address].filter((part) => part !== undefined && part !== '');
  if (client.length > 0) sent.push('x-forwarded-for', client.join(', '));
  if (!sent.includes('x-forwarded-proto')) sent.push('x-forwarded-proto', tls ? 'https' : 'http');
  sent.push('host', head?.host ?? '');
  if (headers.length !== undefined) sent.push('content-length', headers.length);
  if (headers.authorization !== undefined) sent.push('authorization', headers.authorization);
  return sent;
}

/** Where the Apache of a URL listens, for a connection of its own. */
export function placeOf(url: string): Place {
  const { hostname, port } = new URL(url);
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? 80 : Number(port) };
}
