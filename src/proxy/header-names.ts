/**
 * What a request header's name means to the proxy: passed on, ended here, or read and set anew.
 * Sources: RFC 9110 §7.6.1 (hop-by-hop), CVE-2015-7519 (`_` for `-`), httpoxy (`Proxy`),
 * `wsgi_process_proxy_headers` of mod_wsgi (the forwarding names).
 */

/**
 * `pass`: to the application. `drop`: to nobody. `connection`, `host`, `length`, `coding`, `expect`, `type`, `authorization`:
 * read here. `forwarding`: says who the client is, believed only from trusted peers. `user`: names the user, likewise.
 */
type NameKind =
  | 'pass'
  | 'drop'
  | 'connection'
  | 'host'
  | 'length'
  | 'coding'
  | 'expect'
  | 'type'
  | 'authorization'
  | 'forwarding'
  | 'forwarded-for'
  | 'user';

/** One header name in all its spellings. `seenBy` and `index` belong to the scan that touched it last. */
export type HeaderName = {
  readonly lower: string;
  readonly kind: NameKind;
  seenBy: number;
  index: number;
};

const KINDS: ReadonlyMap<string, NameKind> = new Map<string, NameKind>([
  ['connection', 'connection'],
  ['host', 'host'],
  ['content-length', 'length'],
  ['transfer-encoding', 'coding'],
  ['expect', 'expect'],
  ['content-type', 'type'],
  ['authorization', 'authorization'],
  ['keep-alive', 'drop'],
  ['proxy', 'drop'],
  ['proxy-authenticate', 'drop'],
  ['proxy-authorization', 'drop'],
  ['proxy-connection', 'drop'],
  ['te', 'drop'],
  ['trailer', 'drop'],
  ['upgrade', 'drop'],
  ['http2-settings', 'drop'],
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

/** Spellings kept; a client that sends ever new names makes the table start anew, never grow. */
const TABLE_LIMIT = 1024;

/** Looks names up; every spelling of a name gives the same `HeaderName`. */
export type NameTable = {
  lookup(raw: string): HeaderName;
  /** To be called between requests only: a scan in progress relies on its marks. */
  trim(): void;
};

/** A table whose `user` kind is the given lower-case name; the empty string for none. */
export function createNameTable(userHeader: string): NameTable {
  const spellings = new Map<string, HeaderName>();
  const names = new Map<string, HeaderName>();

  function learn(raw: string): HeaderName {
    const lower = raw.toLowerCase();
    const name = names.get(lower) ?? { lower, kind: kindOf(lower, userHeader), seenBy: -1, index: 0 };
    names.set(lower, name);
    spellings.set(raw, name);
    return name;
  }

  return {
    lookup: (raw) => spellings.get(raw) ?? learn(raw),
    trim() {
      if (spellings.size <= TABLE_LIMIT) return;
      spellings.clear();
      names.clear();
    },
  };
}

function kindOf(lower: string, userHeader: string): NameKind {
  if (lower === userHeader) return 'user';
  const kind = KINDS.get(lower);
  if (kind !== undefined) return kind;
  // Apache makes no environ entry of names with other characters (`http2env` of util_script.c).
  if (!/^[a-z0-9-]+$/.test(lower) || lower.startsWith('x-sidecar-')) return 'drop';
  if (lower.startsWith('x-forwarded-') || /^(?:x-)?ssl-/.test(lower)) return 'forwarding';
  return 'pass';
}
