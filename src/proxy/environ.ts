/**
 * The two environ objects that travel to a group process (ARCHITECTURE: "Request to a worker"): what is the same for many
 * requests of a mount, and the rest. Variables and values as `ap_add_common_vars`, `ap_add_cgi_vars` and
 * `wsgi_build_environment` of mod_wsgi 4.9.4 make them. Both are ASCII JSON whose code points are bytes.
 */
import type { WsgiRoute } from '../routing/route.ts';

/** What the environ needs to know of the connection. */
export type Connection = {
  readonly tls: boolean;
  readonly localAddress: string;
  readonly localPort: number;
  readonly listenerHost: string;
};

/** What the environ needs to know of the request, beside its route. */
export type RequestFacts = {
  readonly method: string;
  /** The request target as it came. */
  readonly target: string;
  readonly minorVersion: number;
  /** Whether the client sent a Host; without one there is no HTTP_HOST. Absent is true. */
  readonly hasHost?: boolean;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** REMOTE_USER, when a trusted front named one. */
  readonly user: string | undefined;
  readonly requestId: string;
  /** Microseconds since the epoch. */
  readonly startedUs: number;
  /** The client's own Connection, which mod_wsgi shows though it ends here. */
  readonly connection: string | undefined;
  /** `Content-Length: 0`, which the transport does not send for methods that expect no body. */
  readonly emptyBody: boolean;
  readonly chunked: boolean;
};

/** What is said of a mount, once for many requests. */
export type MountEnviron = {
  /** What `renderMountEnviron` made. */
  readonly text: string;
  /** The SERVER_NAME in it: a request of another one says so itself. */
  readonly serverName: string;
};

/** All that the sidecar has to say of a request beside its headers. */
export type RequestEnviron = {
  readonly mount: MountEnviron;
  readonly route: WsgiRoute;
  readonly facts: RequestFacts;
};

/** The `x-sidecar-mount` object of a route; what is the same in a whole group, `wsgi_group.py` knows from its start order. */
export function renderMountEnviron(route: WsgiRoute, connection: Connection): string {
  const https = route.environment.get('HTTPS');
  const secure = connection.tls || https === '1' || https?.toLowerCase() === 'on';
  const environ = new Map(route.environment);
  environ.delete('HTTPS');
  environ.delete('PATH');
  const variables: Readonly<Record<string, string>> = {
    GATEWAY_INTERFACE: 'CGI/1.1',
    SERVER_SIGNATURE: '',
    SERVER_SOFTWARE: 'wsgi-sidecar',
    SERVER_NAME: route.serverName,
    SERVER_ADDR: connection.localAddress,
    SERVER_PORT: String(route.serverPort),
    DOCUMENT_ROOT: route.documentRoot,
    REQUEST_SCHEME: connection.tls ? 'https' : 'http',
    CONTEXT_PREFIX: '',
    CONTEXT_DOCUMENT_ROOT: route.documentRoot,
    SERVER_ADMIN: route.options.serverAdmin,
    SCRIPT_FILENAME: route.scriptFilename,
    'wsgi.url_scheme': secure ? 'https' : 'http',
    'mod_wsgi.callable_object': route.callableObject,
    'mod_wsgi.script_reloading': route.options.scriptReloading ? '1' : '0',
    ...(route.options.ignoreActivity ? { 'mod_wsgi.ignore_activity': '1' } : {}),
    'mod_wsgi.listener_host': connection.listenerHost,
    'mod_wsgi.listener_port': String(connection.localPort),
    ...(route.handlerScript === undefined ? {} : { 'mod_wsgi.handler_script': route.handlerScript }),
  };
  for (const name in variables) environ.set(name, variables[name] as string);
  const members = Array.from(environ, ([name, value]) => `${quote(name)}:${quote(value)}`);
  return `{${members.join(',')}}`;
}

/**
 * The `x-sidecar-request` object of one request: what the server of the group process would not put into the environ, or not so.
 * Built by hand, and no longer than it must be: it is made, sent and parsed with every request.
 */
export function renderRequestEnviron(environ: RequestEnviron): string {
  const { route, facts } = environ;
  const script = quote(route.scriptName);
  const info = quote(route.pathInfo);
  let json = `{"SCRIPT_NAME":${script},"PATH_INFO":${info},"REQUEST_URI":${quote(facts.target)}`;
  json += `,"REMOTE_ADDR":${quote(facts.remoteAddress)},"REMOTE_PORT":"${facts.remotePort}"`;
  if (route.pathInfo !== '') json += `,"PATH_TRANSLATED":${quote(translatedPath(route))}`;
  if (facts.connection !== undefined) json += `,"HTTP_CONNECTION":${quote(facts.connection)}`;
  json += `,"mod_wsgi.request_id":"${facts.requestId}","mod_wsgi.request_start":"${facts.startedUs}"`;
  json += `,"mod_wsgi.script_name":${script},"mod_wsgi.path_info":${info}`;
  return `${json}${rareEntries(environ)}}`;
}

/** The same for a server that is told another method and target. */
export function renderDisguisedEnviron(environ: RequestEnviron): string {
  const { route, facts } = environ;
  const rest = renderRequestEnviron(environ).slice(1);
  return `{"REQUEST_METHOD":${quote(facts.method)},"QUERY_STRING":${quote(route.query)},${rest}`;
}

/** The members that few requests have, each with a comma before it; they go over all others. */
export function rareEntries({ mount, route, facts }: RequestEnviron): string {
  const { user } = facts;
  let json = route.serverName === mount.serverName ? '' : `,"SERVER_NAME":${quote(route.serverName)}`;
  if (facts.method === 'HEAD' && route.options.mapHeadToGet) json += ',"REQUEST_METHOD":"GET"';
  if (route.query !== queryOf(facts.target)) json += `,"QUERY_STRING":${quote(route.query)}`;
  if (facts.minorVersion !== 1) json += `,"SERVER_PROTOCOL":"HTTP/1.${facts.minorVersion}"`;
  if (user !== undefined) json += `,"REMOTE_USER":${quote(user)}`;
  if (facts.emptyBody) json += ',"CONTENT_LENGTH":"0"';
  if (facts.chunked) json += ',"HTTP_TRANSFER_ENCODING":"chunked"';
  return json + changes(route, facts);
}

/** What headers of a trusted proxy change, over all that came before, and the names that are taken away, under `""`. */
function changes({ environChanges }: WsgiRoute, { hasHost = true }: RequestFacts): string {
  if (environChanges === undefined) return hasHost ? '' : ',"":"HTTP_HOST"';
  const { set, unset } = environChanges;
  const members = Array.from(set, ([name, value]) => `,${quote(name)}:${quote(value)}`).join('');
  const removed = [...unset, ...(hasHost || set.has('HTTP_HOST') ? [] : ['HTTP_HOST'])];
  return removed.length === 0 ? members : `${members},"":${quote(removed.join(' '))}`;
}

/** What the group process reads as the query: rewriting and error documents have others. */
function queryOf(target: string): string {
  const at = target.indexOf('?');
  return at < 0 ? '' : target.slice(at + 1);
}

/** `ap_add_cgi_vars` looks PATH_INFO up as a URL of its own: under a mount at `/` that is the script again. */
function translatedPath(route: WsgiRoute): string {
  return (route.scriptName === '' ? route.scriptFilename : route.documentRoot) + route.pathInfo;
}

const UNSAFE = /[^\x20\x21\x23-\x5b\x5d-\x7e]/;
const UNSAFE_ALL = /[^\x20\x21\x23-\x5b\x5d-\x7e]/g;

/** A byte string as an ASCII JSON string that may stand in a header value. */
function quote(bytes: string): string {
  return UNSAFE.test(bytes) ? `"${bytes.replace(UNSAFE_ALL, escapeCharacter)}"` : `"${bytes}"`;
}

function escapeCharacter(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Environs of one mount that are kept; `Host` decides SERVER_NAME, so there can be ever new ones. */
const KEPT_RENDERS = 8;
/** One in so many requests of a name that has no environ gets one in the place of the oldest: names that are asked for often come to have theirs. */
const MISSES_A_RENDER = 1024;

type Render = MountEnviron & { readonly route: WsgiRoute; readonly connection: Connection };

/** The environs of one mount. */
type Renders = { readonly kept: Render[]; misses: number };

/** Renders mount environs and keeps the latest of each mount. */
export function createMountEnvirons(): (route: WsgiRoute, connection: Connection) => MountEnviron {
  const byMount = new WeakMap<object, Renders>();
  return (route, connection) => {
    const renders = byMount.get(route.mount) ?? { kept: [], misses: 0 };
    const { kept } = renders;
    for (const render of kept) {
      if (render.serverName === route.serverName && isSameMount(render, route, connection)) return render;
    }
    const isFull = kept.length >= KEPT_RENDERS;
    renders.misses += 1;
    if (isFull && renders.misses % MISSES_A_RENDER !== 0) {
      const other = kept.find((render) => isSameMount(render, route, connection));
      if (other !== undefined) return other;
    }
    const { serverName } = route;
    const render = { route, connection, serverName, text: renderMountEnviron(route, connection) };
    if (isFull) kept.pop();
    kept.unshift(render);
    byMount.set(route.mount, renders);
    return render;
  };
}

/** Whatever its SERVER_NAME. */
function isSameMount(render: Render, route: WsgiRoute, connection: Connection): boolean {
  const known = render.route;
  return (
    known.serverPort === route.serverPort &&
    known.scriptFilename === route.scriptFilename &&
    known.handlerScript === route.handlerScript &&
    known.documentRoot === route.documentRoot &&
    known.callableObject === route.callableObject &&
    known.options.serverAdmin === route.options.serverAdmin &&
    known.options.scriptReloading === route.options.scriptReloading &&
    known.options.ignoreActivity === route.options.ignoreActivity &&
    render.connection.tls === connection.tls &&
    render.connection.localAddress === connection.localAddress &&
    render.connection.localPort === connection.localPort &&
    render.connection.listenerHost === connection.listenerHost &&
    isSameMap(known.environment, route.environment)
  );
}

function isSameMap(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [name, value] of a) if (b.get(name) !== value) return false;
  return true;
}
