/**
 * The way of a request: read, resolve, then a file, a redirect, a refusal, the legacy upstream or a group process; observed once
 * at its end. Law: nothing is trusted that a client can send, and no request ends without an answer or a broken connection.
 */
import { randomBytes } from 'node:crypto';
import type { Refusal } from '../groups/lease.ts';
import type { ClientRequest } from '../http/client-request.ts';
import type { ClientResponse } from '../http/client-response.ts';
import type { RefusableConnection } from '../http/connection-home.ts';
import type { Framing } from '../http/request-body.ts';
import type { GroupIdentity } from '../routing/group-key.ts';
import type { FileRoute, NoRoute, Route, RouteRequest, WsgiRoute } from '../routing/route.ts';
import { type AccessControl, judgeAccess, whyRefused } from './access.ts';
import { answerItself, answerServerOptions } from './apache-itself.ts';
import type { BusyPoll } from './busy-poll.ts';
import { type ConnectionRule, refuseConnection } from './client-error.ts';
import { createMountEnvirons } from './environ.ts';
import { Exchange } from './exchange.ts';
import type { ExchangeDeps } from './exchange-parts.ts';
import { sendFile } from './files.ts';
import { groupEnviron, groupHeaders } from './group-headers.ts';
import { answerRefusal, GroupRequests, type GroupRequestsDeps } from './group-requests.ts';
import { asksForWebSocket, createHeaderScanner, endsConnection, type HeaderScanner } from './headers.ts';
import { HeldUploads } from './held-uploads.ts';
import { isForLegacy, legacyHeaders, type UnresolvedRule } from './legacy.ts';
import type { FrontLimits, WebSocketLimits } from './limits.ts';
import type { ProxyLog } from './log.ts';
import type { RequestObserver } from './observation.ts';
import { clientAddress, type Peer, peerOf, type StandsFor, type TrustList } from './peer.ts';
import { sendRedirect } from './redirect.ts';
import { REFUSED_BODY, type UnreadHead } from './rules.ts';
import type { SpoolRoom } from './spool-room.ts';
import { GroupTunnels, Tunnels } from './tunnels.ts';
import { UnwantedBodies } from './unwanted-bodies.ts';
import { type RequestHead, readHead } from './validate.ts';

/** The parts that a front joins. */
export type FrontDeps = GroupRequestsDeps & {
  /** A promise only where somebody else has to be asked first (`groupsFrom: dispatch`); a refusal when that failed. */
  resolve(request: RouteRequest, client: Pick<Peer, 'gone'>): Route | Promise<Route | Refusal>;
  readonly observer: RequestObserver;
  readonly log: ProxyLog;
  readonly poll: BusyPoll;
  /** The WebSocket connections of groups; without it this front's alone are counted. */
  readonly groupTunnels?: GroupTunnels;
  /** Where answers are kept for clients that lag; without it they are waited for. */
  readonly spool?: SpoolRoom | undefined;
};

/** How one listener stands in for Apache's, and whom it believes. */
export type FrontOptions = {
  readonly as: StandsFor;
  /** The client speaks TLS to the front before this listener. */
  readonly tls: boolean;
  readonly trust: TrustList;
  /** Header by which a trusted front names the user, e.g. `X-Remote-User`; absent: nobody is named. */
  readonly userHeader?: string;
  readonly accessControl: AccessControl;
  /** `http://host:port` of the Apache that answers what has not moved. */
  readonly legacy?: string;
  /** By default they are the legacy upstream's. */
  readonly unresolved?: UnresolvedRule;
  readonly limits: FrontLimits;
  /** What groups say of their WebSocket connections, within the listener's own limits. */
  webSocketsOf?(identity: GroupIdentity): WebSocketLimits;
};

/** The request handler of one listener. */
export class Front {
  readonly #deps: FrontDeps;
  readonly #options: FrontOptions;
  readonly #exchangeDeps: ExchangeDeps;
  readonly #scan: HeaderScanner;
  readonly #groups: GroupRequests;
  readonly #mountEnviron = createMountEnvirons();
  readonly #idPrefix = randomBytes(4).toString('hex');
  #requests = 0;
  /** Shared by all who have stood at one listener: the requests of an earlier one may be under way when it ends. */
  #door = { isClosing: false, tunnels: new Tunnels() };

  constructor(deps: FrontDeps, options: FrontOptions) {
    this.#deps = deps;
    this.#groups = new GroupRequests(deps);
    this.#options = options;
    const uploads = new HeldUploads(options.limits.bodyTimeoutMs);
    this.#exchangeDeps = {
      observer: deps.observer,
      log: deps.log,
      poll: deps.poll,
      uploads,
      unwanted: new UnwantedBodies(options.limits, deps),
      spool: deps.spool,
      groupTunnels: deps.groupTunnels ?? new GroupTunnels(),
      webSocketsOf: options.webSocketsOf ?? (() => ({})),
      listener: this,
    };
    this.#scan = createHeaderScanner(options.userHeader?.toLowerCase() ?? '');
  }

  /** Whether the listener ends: then answers close their connections. */
  get isClosing(): boolean {
    return this.#door.isClosing;
  }

  set isClosing(isClosing: boolean) {
    this.#door.isClosing = isClosing;
    if (isClosing) this.#door.tunnels.leave();
  }

  /** The WebSocket connections of the listener. */
  get tunnels(): Tunnels {
    return this.#door.tunnels;
  }

  /** What it was made for; the listener goes by its limits. */
  get options(): FrontOptions {
    return this.#options;
  }

  /** Takes the place of a front at its listener; requests that have begun there stay with it. */
  succeed(front: Front): void {
    this.#door = front.#door;
  }

  /** Answers one request; never throws. */
  handle(request: ClientRequest, response: ClientResponse): void {
    const exchange = this.#open(request, response);
    try {
      const head = readHead(this.#unread(exchange));
      if (head.kind === 'refused') {
        exchange.refuse({ ...head.rule, close: true });
        return;
      }
      request.frame(framingOf(exchange));
      if (head.kind === 'server-options') answerServerOptions(exchange);
      else this.#serve(exchange, head);
    } catch (error) {
      exchange.collapse(error);
    }
  }

  /** Answers what no request is made of, and ends its connection; `detail` is for the log. */
  refuseConnection(connection: RefusableConnection, rule: ConnectionRule, detail?: string): void {
    const requestId = this.#nextId();
    const message = detail === undefined ? rule.message : `${rule.message}: ${detail}`;
    refuseConnection(connection, { ...rule, message, requestId }, this.#deps);
  }

  /** Tells of a fault of ours that ended a connection. */
  failed(error: unknown): void {
    this.#deps.log.error(
      { code: 'ERR_INTERNAL', err: error },
      'Reading what a client sent failed inside the sidecar',
    );
    this.#deps.observer.errorUnexpected();
  }

  /** Tells of a connection that was ended while it waited for its next request. */
  endedIdle(): void {
    this.#deps.observer.connectionEnded('keep_alive_timeout');
  }

  #nextId(): string {
    this.#requests += 1;
    return `${this.#idPrefix}-${this.#requests.toString(36)}`;
  }

  #open(request: ClientRequest, response: ClientResponse): Exchange {
    const peer = peerOf(request.socket, this.#options.trust, this.#options.as);
    const requestId = this.#nextId();
    const headers = this.#scan(request.rawHeaders);
    const { limits } = this.#options;
    const start = { request, response, peer, requestId, headers, limits };
    const exchange = new Exchange(start, this.#exchangeDeps);
    peer.requests += 1;
    exchange.isHandshake = isHandshake(exchange);
    exchange.isLast = exchange.isHandshake || endsConnection(headers, request.minorVersion);
    if (!peer.trusted && peer.requests === limits.requestsPerConnection) {
      exchange.isLast = true;
      exchange.endedBy = 'requests_per_connection';
    }
    return exchange;
  }

  #unread({ request, headers }: Exchange): UnreadHead {
    const line = {
      method: request.method,
      target: request.target,
      majorVersion: request.majorVersion,
      minorVersion: request.minorVersion,
      tls: this.#options.tls,
    };
    return { line, headers, limits: this.#options.limits.head };
  }

  #serve(exchange: Exchange, head: RequestHead): void {
    exchange.begin(head);
    const remoteAddress = clientAddress(exchange.peer, exchange.headers.forwardedFor, this.#options.trust);
    const request = {
      localAddress: exchange.peer.localAddress,
      localPort: exchange.peer.localPort,
      tls: this.#options.tls,
      method: exchange.request.method,
      target: exchange.request.target,
      minorVersion: head.minorVersion,
      rawHeaders: exchange.request.rawHeaders,
      remoteAddress,
    };
    const route = this.#deps.resolve(request, exchange.peer);
    if (route instanceof Promise) this.#awaitRoute(exchange, route, remoteAddress);
    else this.#serveRoute(exchange, route, remoteAddress);
  }

  #awaitRoute(exchange: Exchange, coming: Promise<Route | Refusal>, remoteAddress: string): void {
    const serve = (route: Route | Refusal): void => {
      if (route.kind === 'refusal') answerRefusal(exchange, route);
      else if (!exchange.clientGone) this.#serveRoute(exchange, route, remoteAddress);
    };
    coming.then(serve).catch((error: unknown) => {
      exchange.collapse(error);
    });
  }

  #serveRoute(exchange: Exchange, route: Route, remoteAddress: string): void {
    if (route.kind === 'none') this.#serveNoRoute(exchange, route);
    else if (exchange.request.method === 'TRACE')
      exchange.refuse({ status: 405, reason: 'method', message: 'TRACE is nobody’s but the server’s own' });
    else if (route.kind === 'redirect') sendRedirect(exchange, route);
    else if (!this.#mayPass(exchange, route)) return;
    else if (route.kind === 'file') void sendFile(exchange, route);
    else this.#serveGroup(exchange, route, remoteAddress);
  }

  #mayPass(exchange: Exchange, route: WsgiRoute | FileRoute): boolean {
    const verdict = judgeAccess(route.access, exchange.peer, this.#options.accessControl);
    if (verdict === 'pass') return true;
    if (verdict === 'unenforced' && this.#options.legacy !== undefined) this.#toLegacy(exchange);
    else exchange.refuse({ status: 403, reason: 'access_control', message: whyRefused(route.access) });
    return false;
  }

  #serveNoRoute(exchange: Exchange, route: NoRoute): void {
    if (this.#options.legacy !== undefined && isForLegacy(route, this.#options.unresolved))
      this.#toLegacy(exchange);
    else if (route.status === 200 && route.reason === 'apache_itself') answerItself(exchange);
    else exchange.refuse(route);
  }

  #serveGroup(exchange: Exchange, route: WsgiRoute, remoteAddress: string): void {
    if (exchange.head?.body === 'chunked' && !route.options.chunkedRequest) {
      const message = 'Chunked request body: only "WSGIChunkedRequest On" lets it pass';
      exchange.refuse({ status: 411, reason: 'length_required', message, close: true });
      return;
    }
    exchange.bodyLimitBytes = route.options.bodyLimitBytes ?? this.#options.limits.bodyBytes;
    if (isTooLong(exchange)) {
      exchange.refuse({ ...REFUSED_BODY, close: true });
      return;
    }
    exchange.enterGroup(route);
    const { tls } = this.#options;
    const headers = groupHeaders(exchange, route);
    const environ = groupEnviron(exchange, route, { remoteAddress, tls, mountEnviron: this.#mountEnviron });
    this.#groups.serve(exchange, route, { headers, environ, tls });
  }

  #toLegacy(exchange: Exchange): void {
    exchange.arm = 'legacy';
    exchange.continueNow();
    this.#deps.forwarder.toUrl(exchange, this.#options.legacy as string, {
      headers: legacyHeaders(exchange, this.#options.tls),
      environ: undefined,
      tls: this.#options.tls,
      trustClose: true,
      connectFailed: (_, error) =>
        exchange.fail('ERR_UPSTREAM_CONNECT', 'Cannot reach the legacy upstream', { error }),
    });
  }
}

function isTooLong({ headers, bodyLimitBytes }: Exchange): boolean {
  return bodyLimitBytes > 0 && headers.length !== undefined && Number(headers.length) > bodyLimitBytes;
}

/** How the body is framed; a length of 0 is no body. */
function framingOf({ headers }: Exchange): Framing | undefined {
  if (headers.coding !== undefined) return { kind: 'chunked' };
  const length = Number(headers.length ?? '0');
  return length === 0 ? undefined : { kind: 'length', length };
}

function isHandshake({ request, headers }: Exchange): boolean {
  return request.method === 'GET' && request.minorVersion !== 0 && asksForWebSocket(headers);
}
