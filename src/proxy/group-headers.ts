/** The head that a group process gets: the client's fields that pass and what was read of it, and apart from them the environ. */
import type { WsgiRoute } from '../routing/route.ts';
import type { Connection, MountEnviron, RequestEnviron } from './environ.ts';
import type { Exchange } from './exchange.ts';

/** What the exchange does not know. */
export type GroupHeadersContext = {
  /** The client's address after trusted forwarding headers. */
  readonly remoteAddress: string;
  /** Whether the client spoke TLS. */
  readonly tls: boolean;
  readonly mountEnviron: (route: WsgiRoute, connection: Connection) => MountEnviron;
};

/** A flat list of names and values; takes the exchange's own list of fields and lengthens it. */
export function groupHeaders(exchange: Exchange, route: WsgiRoute): string[] {
  const { headers, peer, head } = exchange;
  const sent = headers.forward;
  if (peer.trusted && headers.forwarding.length > 0) sent.push(...headers.forwarding);
  sent.push('host', head?.host ?? '');
  if (headers.length !== undefined) sent.push('content-length', headers.length);
  if (headers.authorization !== undefined && route.options.passAuthorization) {
    sent.push('authorization', headers.authorization);
  }
  if (exchange.awaitsContinue) sent.push('x-sidecar-expect', '100-continue');
  return sent;
}

/** What the sidecar says of the request beside its fields (ARCHITECTURE: "Request to a worker"). */
export function groupEnviron(
  exchange: Exchange,
  route: WsgiRoute,
  context: GroupHeadersContext,
): RequestEnviron {
  const { headers, peer, request, head } = exchange;
  const { remoteAddress, tls } = context;
  const { localAddress, localPort, listenerHost } = peer;
  const connection = { tls, localAddress, localPort, listenerHost };
  const facts = {
    method: request.method,
    target: request.target,
    minorVersion: request.minorVersion,
    hasHost: headers.hosts > 0,
    remoteAddress,
    remotePort: remoteAddress === peer.address ? peer.port : 0,
    user: peer.trusted && headers.users === 1 ? headers.user : undefined,
    requestId: exchange.requestId,
    startedUs: Date.now() * 1000,
    connection: headers.connection,
    emptyBody: Number(headers.length) === 0,
    chunked: head?.body === 'chunked',
  };
  return { mount: context.mountEnviron(route, connection), route, facts };
}
