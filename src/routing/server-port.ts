/** SERVER_NAME and SERVER_PORT (httpd `ap_get_server_name()`, `ap_get_server_port()`). */
import type { VirtualHost } from '../site/model.ts';
import type { Scope } from '../site/scope.ts';

/** What the two are made of. */
export type ServerFacts = {
  readonly host: VirtualHost;
  readonly scope: Scope;
  readonly hostname: string | undefined;
  /** The port that the client names. */
  readonly requestPort: number | undefined;
  /** The port of the accepted connection. */
  readonly localPort: number;
};

/** The port that names are made with. */
export function serverPort({ host, scope, requestPort, localPort }: ServerFacts): number {
  const physical = scope.useCanonicalPhysicalPort === true ? localPort : 0;
  const standard = host.scheme === 'https' ? 443 : 80;
  if (scope.useCanonicalName === 'on') return host.port || physical || standard;
  return requestPort ?? (physical || host.port || standard);
}

/** SERVER_NAME: the name that the client used, or with `UseCanonicalName On` the ServerName as written. */
export function serverName({
  host,
  scope,
  hostname,
}: Pick<ServerFacts, 'host' | 'scope' | 'hostname'>): string {
  if (scope.useCanonicalName === 'on' || scope.useCanonicalName === 'dns') return host.serverName;
  return hostname ?? host.serverName;
}

/** `name` or `name:port`, without the standard ports 80 and 443, wherever they come from (mod_wsgi `wsgi_server_group()`). */
export function nameWithPort(name: string, port: number): string {
  return port === 80 || port === 443 ? name : `${name}:${port}`;
}
