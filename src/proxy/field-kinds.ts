/** The one table of what becomes of each field of a request's head; `rules.ts` has what is refused. */

/**
 * What a field means to the proxy. `pass`: to the application. `drop`: to nobody. `connection`, `host`, `length`, `coding`, `expect`, `upgrade`,
 * `type`, `authorization`: read here. `forwarding`: says who the client is, believed only from trusted peers. `user`: names the user, likewise.
 */
export type FieldKind =
  | 'pass'
  | 'drop'
  | 'connection'
  | 'host'
  | 'length'
  | 'coding'
  | 'expect'
  | 'upgrade'
  | 'type'
  | 'authorization'
  | 'forwarding'
  | 'forwarded-for'
  | 'user';

const FIELDS: ReadonlyMap<string, FieldKind> = new Map<string, FieldKind>([
  // What frames and routes the message: read here, made anew for the upstream.
  ['host', 'host'],
  ['content-length', 'length'],
  ['transfer-encoding', 'coding'],
  ['expect', 'expect'],
  ['content-type', 'type'],
  // Hop by hop (RFC 9110 §7.6.1), beside those that Connection names.
  ['connection', 'connection'],
  ['keep-alive', 'drop'],
  ['proxy-authenticate', 'drop'],
  ['proxy-authorization', 'drop'],
  ['proxy-connection', 'drop'],
  ['te', 'drop'],
  ['trailer', 'drop'],
  ['upgrade', 'upgrade'],
  ['http2-settings', 'drop'],
  // HTTP_PROXY is what many programs take for their own proxy (httpoxy).
  ['proxy', 'drop'],
  // To the application only under WSGIPassAuthorization.
  ['authorization', 'authorization'],
  // Who the client is and which way it came (`wsgi_process_proxy_headers`).
  ['forwarded', 'forwarding'],
  ['x-forwarded-for', 'forwarded-for'],
  ['x-client-ip', 'forwarding'],
  ['x-real-ip', 'forwarding'],
  ['x-host', 'forwarding'],
  ['x-script-name', 'forwarding'],
  ['x-scheme', 'forwarding'],
  ['x-https', 'forwarding'],
  ['remote-user', 'forwarding'],
  ['x-remote-user', 'forwarding'],
]);

/** The meaning of a lower-case name; `userHeader` is the identity header. */
export function fieldKind(lower: string, userHeader: string): FieldKind {
  if (lower === userHeader) return 'user';
  const kind = FIELDS.get(lower);
  if (kind !== undefined) return kind;
  // `X_A` and `X-A` are one HTTP_X_A (CVE-2015-7519): Apache makes no environ entry of names with other characters (`http2env`).
  if (!/^[a-z0-9-]+$/.test(lower)) return 'drop';
  // What tells a group process of the request comes from the sidecar alone.
  if (lower.startsWith('x-sidecar-')) return 'drop';
  if (lower.startsWith('x-forwarded-') || /^(?:x-)?ssl-/.test(lower)) return 'forwarding';
  return 'pass';
}
