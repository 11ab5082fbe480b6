/**
 * A request → one route: the target and the virtual host, Apache's phases, then what the handler answers.
 * Pure but for the injected `FileProbe`.
 */
import { parseStringExpression } from '../site/expression-parser.ts';
import type { Site, VirtualHost } from '../site/model.ts';
import { answerByHandler } from './answer.ts';
import { evaluateText } from './expression.ts';
import { headerValue } from './headers.ts';
import { fixHostname, parseHostHeader } from './host-header.ts';
import { isNegotiated } from './module.ts';
import { runPipeline, runRedirect } from './pipeline.ts';
import {
  type PipelineResult,
  type RequestBase,
  type RequestState,
  type Stop,
  stop,
  type Trace,
} from './request-state.ts';
import type { FileProbe, NoRoute, Route, RouteRequest } from './route.ts';
import { noRoute, routeBase } from './route-base.ts';
import { parseTarget, type Target } from './target.ts';
import { applySetEnvIf } from './variables.ts';
import { chainOf, chooseHost } from './virtual-host.ts';

/** What Apache would do with a request, and where mod_wsgi answers, in which group. */
export function resolveRoute(site: Site, request: RouteRequest, probe: FileProbe): Route {
  return traceRoute(site, request, probe, undefined);
}

/** As `resolveRoute`, telling each decision to `trace`. */
export function traceRoute(
  site: Site,
  request: RouteRequest,
  probe: FileProbe,
  trace: Trace | undefined,
): Route {
  const chain = chainOf(site.addresses, request.localAddress, request.localPort);
  const first = chain?.candidates[0]?.host ?? site.main;
  // Apache reads a request line before it knows whose it is.
  if (first.registeredMethods && !site.methods.has(request.method))
    return refuse(stop(501, 'method', unregistered(request.method)), first);
  const target = parseTarget(request.method, request.target);
  // Not named: it may hold credentials, and whoever tells of it has it.
  if (target === undefined) return refuse(stop(400, 'target', 'The request target is invalid'));
  const received = receive(site, { request, probe, trace, target, chain, first });
  if ('status' in received) return refuse(received);
  const state = startState(received, target);
  const early = answerEarly(state, target);
  if (early !== undefined) return refuse(early, state.host);
  applySetEnvIf(state, state.host.setEnvIf);
  return finish(runPipeline(state, target.path ?? '/'));
}

function refuse({ status, reason, message }: Stop, virtualHost?: VirtualHost): NoRoute {
  const base = { kind: 'none', status, reason, message } as const;
  return virtualHost === undefined ? base : { ...base, virtualHost };
}

type Arrival = {
  readonly request: RouteRequest;
  readonly probe: FileProbe;
  readonly trace: Trace | undefined;
  readonly target: Target;
  /** The virtual hosts of the address. */
  readonly chain: ReturnType<typeof chainOf>;
  /** The first of them. */
  readonly first: VirtualHost;
};

function unregistered(method: string): string {
  return `The method "${method}" is not registered (HttpProtocolOptions RegisteredMethods)`;
}

/** Host and virtual host (httpd `ap_check_request_header()`). */
function receive(site: Site, arrival: Arrival): RequestBase | Stop {
  const { request, probe, trace, target, chain, first } = arrival;
  const named = nameOf(request, target, first);
  if (named === undefined) return stop(400, 'bad_host', 'The Host header is missing or invalid');
  const choice = chooseHost(chain, site.main, named.hostname, target.path ?? '/');
  const { host } = choice;
  if (trace !== undefined)
    traceChoice(
      trace,
      request,
      named.hostname,
      choice,
      chain?.candidates.map(({ host: each }) => each) ?? [],
    );
  if (
    host.requireKnownHost &&
    (choice.by === 'default' || choice.by === 'main') &&
    named.hostname !== undefined
  ) {
    return stop(400, 'bad_host', `"${named.hostname}" is the name of no virtual host (StrictHostCheck)`);
  }
  const { hostname, requestPort, targetHost } = named;
  return { site, probe, input: request, trace, host, hostname, requestPort, targetHost };
}

type RequestName = Pick<RequestBase, 'hostname' | 'requestPort' | 'targetHost'>;

/** Name and port that the request gives; undefined where Apache answers 400. */
function nameOf(request: RouteRequest, target: Target, first: VirtualHost): RequestName | undefined {
  const { rawHeaders, minorVersion } = request;
  const header = headerValue(rawHeaders, 'host');
  if (minorVersion >= 1 && header === undefined) return undefined;
  const isOwnScheme = target.scheme === undefined || target.scheme === first.scheme;
  if (target.host === '' && isOwnScheme) return { hostname: '', requestPort: target.port, targetHost: '' };
  if (target.host !== undefined && isOwnScheme) {
    const isIPv6 = target.host.includes(':');
    const hostname = fixHostname(target.host, isIPv6, first.strictHost);
    if (hostname === undefined) return undefined;
    const shown = isIPv6 ? `[${hostname}]` : hostname;
    return {
      hostname,
      requestPort: target.port,
      targetHost: target.port === undefined ? shown : `${shown}:${target.port}`,
    };
  }
  if (header === undefined || header === '') {
    return minorVersion >= 1
      ? undefined
      : { hostname: undefined, requestPort: target.port, targetHost: undefined };
  }
  const parsed = parseHostHeader(header, first.strictHost);
  if (parsed === undefined) return undefined;
  return { hostname: parsed.hostname, requestPort: parsed.port ?? target.port, targetHost: undefined };
}

function traceChoice(
  trace: Trace,
  request: RouteRequest,
  hostname: string | undefined,
  { host, by, index }: ReturnType<typeof chooseHost>,
  candidates: readonly VirtualHost[],
): void {
  const where = `${request.localAddress}:${request.localPort}`;
  const why = {
    name: `its ServerName is "${hostname}"`,
    alias: `a ServerAlias matches "${hostname}"`,
    path: `its ServerPath leads to the path, and the client names no host`,
    address: `its address is written "${hostname}"`,
    default: `it is the first of ${where}, and no name is "${hostname ?? ''}"`,
    main: `no <VirtualHost> has ${where}`,
  }[by];
  trace({ step: 'virtual-host', text: `"${host.id}" answers: ${why}`, position: host.position });
  candidates.forEach((other, at) => {
    if (other === host || at === index) return;
    const text = `"${other.id}" stands at ${where} too and is not it`;
    trace({ step: 'virtual-host', text, position: other.position });
  });
}

/** Written out field by field: a spread of `base` in front of so many others made each request 40 µs slower. */
function startState(base: RequestBase, target: Target): RequestState {
  return {
    site: base.site,
    probe: base.probe,
    input: base.input,
    trace: base.trace,
    host: base.host,
    hostname: base.hostname,
    requestPort: base.requestPort,
    targetHost: base.targetHost,
    method: base.input.method,
    unparsed: base.input.target,
    uri: target.path ?? '/',
    args: target.query,
    filename: undefined,
    pathInfo: '',
    fileKind: 'missing',
    scope: base.host.defaults,
    handler: undefined,
    contentType: undefined,
    handlerMount: undefined,
    typeMount: undefined,
    scriptAlias: undefined,
    aliasRest: undefined,
    forcedType: undefined,
    acceptPathInfo: 'default',
    variables: undefined,
    isSubrequest: false,
    depth: 0,
    access: { kind: 'granted' },
    placeVariables: undefined,
    forced: undefined,
    rewritten: undefined,
    rewriteEnded: false,
    pendingRedirect: undefined,
    context: undefined,
    documentRoot: undefined,
    unresolved: undefined,
    errorStatus: undefined,
  };
}

/** What Apache's core answers before any file is looked for: `TRACE`, `OPTIONS *`. */
function answerEarly({ method, host, input }: RequestState, { scheme }: Target): Stop | undefined {
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https') {
    return stop(400, 'target', `The request target has the scheme "${scheme}"`);
  }
  if (method === 'OPTIONS' && input.target === '*')
    return stop(200, 'apache_itself', 'Apache answers "OPTIONS *" itself');
  if (method !== 'TRACE') return undefined;
  if (host.traceEnabled) return stop(200, 'apache_itself', 'Apache answers TRACE itself');
  return stop(405, 'method', 'TRACE is switched off (TraceEnable)');
}

/** The route of the state at the end, or of the document that Apache sends in place of an error. */
function finish({ state, stop: stopped }: PipelineResult): Route {
  if (state.unresolved !== undefined) {
    return noRoute(
      state,
      404,
      'unresolved',
      `What Apache would do here is not known: ${state.unresolved.message}`,
    );
  }
  const route = stopped === undefined ? answerByHandler(state) : routeOfStop(state, stopped);
  return route.kind === 'none' ? (errorDocument(state, route) ?? route) : route;
}

function routeOfStop(state: RequestState, stopped: Stop): Route {
  if (stopped.location === undefined) return refuse(stopped, state.host);
  const { status, location } = stopped;
  return { kind: 'redirect', status, location, ...routeBase(state), access: state.access };
}

const notApaches: ReadonlySet<string> = new Set(['not_wsgi', 'unresolved', 'from_request', 'minted_port']);

/** Whether only the sidecar refuses, so that Apache's error documents are not meant. Where no file is, Apache refuses as a rule. */
function isOursAlone(state: RequestState, { reason }: NoRoute): boolean {
  if (reason === 'not_wsgi' && state.fileKind === 'missing') return isNegotiated(state);
  return notApaches.has(reason);
}

/** httpd `ap_die()`: a URL of `ErrorDocument` is redirected to, a local path is asked for inside, once. */
function errorDocument(state: RequestState, route: NoRoute): Route | undefined {
  const document = state.scope.errorDocuments?.get(route.status)?.value;
  if (
    document === undefined ||
    document.startsWith('"') ||
    state.errorStatus !== undefined ||
    route.status < 400 ||
    isOursAlone(state, route)
  )
    return undefined;
  const text = parseStringExpression(document);
  const target = 'error' in text ? document : evaluateText(state, text);
  if (!target.startsWith('/')) {
    if (target.toLowerCase() === 'default') return undefined;
    return { kind: 'redirect', status: 302, location: target, ...routeBase(state) };
  }
  const answered = runRedirect(state, target, route.status);
  const found = answered.stop === undefined ? answerByHandler(answered.state) : undefined;
  return found === undefined || found.kind === 'none' ? undefined : found;
}
