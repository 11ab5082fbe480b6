/** What all routes have, and refusals. */
import { escapeHtml } from './escape.ts';
import type { RequestState } from './request-state.ts';
import type { NoRoute, RouteBase } from './route.ts';
import { serverName, serverPort } from './server-port.ts';

/** The part of a route that does not depend on who answers. */
export function routeBase(state: RequestState): RouteBase {
  const { host, scope, hostname, input } = state;
  const base = {
    virtualHost: host,
    path: state.uri,
    query: state.args ?? '',
    serverName: environName(state),
    serverPort: serverPort({
      host,
      scope,
      hostname,
      requestPort: state.requestPort,
      localPort: input.localPort,
    }),
  };
  return state.errorStatus === undefined ? base : { ...base, errorStatus: state.errorStatus };
}

/** SERVER_NAME; `UseCanonicalName DNS` asks the name service for the local address, which is known for loopback only. */
export function environName({ host, scope, hostname, input }: RequestState): string {
  const isDns = scope.useCanonicalName === 'dns';
  if (isDns && (input.localAddress.startsWith('127.') || input.localAddress === '::1')) return 'localhost';
  const name = serverName({ host, scope, hostname });
  return escapeHtml(name.includes(':') ? `[${name}]` : name);
}

/** A refusal at the end of the phases. */
export function noRoute(state: RequestState, status: number, reason: string, message: string): NoRoute {
  return { kind: 'none', status, reason, message, virtualHost: state.host };
}
