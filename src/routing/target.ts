/** The request target (httpd `ap_parse_request_line()`, `ap_parse_uri()`, apr_uri): path, query, and a host where it names one. */

/** What a target says. `host` is undefined where it names none. */
export type Target = {
  /** Undefined for a target without a path, e.g. `http://host`. */
  readonly path: string | undefined;
  readonly query: string | undefined;
  readonly scheme: string | undefined;
  readonly host: string | undefined;
  /** Undefined is none; 0 and the rest of numbers above 65535 are what Apache makes of them. */
  readonly port: number | undefined;
};

/** The parts of a target, or undefined where Apache answers 400. */
export function parseTarget(method: string, target: string): Target | undefined {
  if (target === '' || !allowed.test(target)) return undefined;
  if (method === 'CONNECT') return parseAuthorityTarget(target);
  // Not a URI but a path: a leading run of slashes is no authority.
  const text = target.startsWith('//') ? target.replace(/^\/+/, '/') : target;
  if (text.startsWith('/')) return pathTarget(text);
  const absolute = /^([A-Za-z][A-Za-z0-9+.-]*):(?:\/\/([^/?#]*))?(.*)$/s.exec(text);
  if (absolute === null) return parseOther(method, text);
  const [, scheme = '', authority, rest = ''] = absolute;
  if (authority === undefined) return parseWithoutAuthority(scheme, rest);
  if (authority.includes('@')) return undefined;
  const hostPort = parseAuthority(authority, scheme.toLowerCase());
  if (hostPort === undefined) return undefined;
  return { ...splitQuery(rest), scheme: scheme.toLowerCase(), ...hostPort };
}

/** `http:/path`: a scheme without a host. */
function parseWithoutAuthority(scheme: string, rest: string): Target | undefined {
  if (!/^(?:\/|\?|$)/.test(rest)) return undefined;
  return { ...splitQuery(rest), scheme: scheme.toLowerCase(), host: undefined, port: undefined };
}

/** No spaces and control characters, and no `#`, which begins a fragment. */
const allowed = /^[^\0- #\x7f]*$/;

/** `*`, `app/v1`, `mailto:x`: only `OPTIONS *` gets through. */
function parseOther(method: string, text: string): Target | undefined {
  if (text !== '*' || method !== 'OPTIONS') return undefined;
  return { path: '*', query: undefined, scheme: undefined, host: undefined, port: undefined };
}

function pathTarget(text: string): Target {
  const mark = text.indexOf('?');
  const path = mark === -1 ? text : text.slice(0, mark);
  const query = mark === -1 ? undefined : text.slice(mark + 1);
  return { path, query, scheme: undefined, host: undefined, port: undefined };
}

function splitQuery(text: string): Pick<Target, 'path' | 'query'> {
  const mark = text.indexOf('?');
  const path = mark === -1 ? text : text.slice(0, mark);
  return { path: path === '' ? undefined : path, query: mark === -1 ? undefined : text.slice(mark + 1) };
}

/** apr_uri's hostinfo: `host`, `host:port`, `[v6]:port`; an empty port is that of the scheme. */
function parseAuthority(
  authority: string,
  scheme: string,
): { readonly host: string; readonly port: number | undefined } | undefined {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/s.exec(authority);
  if (match === null) return undefined;
  if (match[3] === '') return { host: match[1] ?? match[2] ?? '', port: scheme === 'https' ? 443 : 80 };
  const port = match[3] === undefined ? undefined : Number(BigInt(match[3]) & 0xffffn);
  return { host: match[1] ?? match[2] ?? '', port };
}

function parseAuthorityTarget(target: string): Target | undefined {
  const match = /^([^:/?#@]+):(\d+)$/s.exec(target);
  if (match === null || Number(match[2]) > 65_535) return undefined;
  return { path: undefined, query: undefined, scheme: undefined, host: match[1], port: Number(match[2]) };
}
