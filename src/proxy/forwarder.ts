/**
 * The http-proxy pipeline with one pass of ours in place of its `stream` pass, which sends by a way of ours.
 * Its passes `deleteLength` (CVE-2026-29057), `timeout`, `XHeaders` and both `stream` are removed: headers are made by `headers.ts`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import httpProxy from 'http-proxy';
import type { Place, Upstream } from '../groups/lease.ts';
import type { Exchange } from './exchange.ts';
import { fitForeign, isFoldedMethod } from './foreign.ts';
import { placeOf } from './legacy.ts';
import { REFUSED_GROUP_WEB_SOCKETS, REFUSED_METHOD, REFUSED_WEB_SOCKETS, type RefusalRule } from './rules.ts';
import { bodyOf } from './small-body.ts';
import type { UpstreamTimeouts, Way } from './transport.ts';
import { type Destination, UpstreamAnswer } from './upstream-answer.ts';
import { UpstreamPools } from './upstream-pools.ts';
import type { RequestHead } from './validate.ts';
import { type HandshakeDestination, passHandshake } from './web-socket.ts';

type Pass = (exchange: Exchange) => boolean;

/** What @types/http-proxy leaves out. */
type Pipeline = httpProxy<IncomingMessage, ServerResponse> & {
  readonly webPasses: { readonly name: string }[];
  readonly wsPasses: { readonly name: string }[];
  before(type: 'web', name: string, pass: Pass): void;
  before(type: 'ws', name: string, pass: Pass): void;
};

const REPLACED: ReadonlySet<string> = new Set(['deleteLength', 'timeout', 'XHeaders', 'stream']);

const NOTHING = Buffer.alloc(0);

/** An exchange whose request has a destination. */
type Sent = Exchange & {
  readonly way: Way;
  readonly destination: Destination;
  readonly answer: UpstreamAnswer;
  readonly head: RequestHead;
};

/** Sends requests to group processes and to URLs; owns the connections to both. */
export class Forwarder {
  readonly #pools: UpstreamPools;
  readonly #proxy: Pipeline;
  readonly #responseTimeoutMs: number;
  readonly #handshakes = new WeakMap<Exchange, HandshakeDestination>();

  constructor(timeouts: UpstreamTimeouts) {
    this.#responseTimeoutMs = timeouts.responseTimeoutMs;
    this.#pools = new UpstreamPools(timeouts);
    // The pipeline refuses to run without a target; the exchange knows the real one.
    const proxy = httpProxy.createProxyServer({ target: { host: 'localhost', port: 80 } }) as Pipeline;
    proxy.before('web', 'stream', (exchange) => this.#dispatch(exchange as Sent));
    proxy.before('ws', 'stream', (exchange) => this.#passHandshake(exchange));
    for (const passes of [proxy.webPasses, proxy.wsPasses]) {
      const kept = passes.filter(({ name }) => !REPLACED.has(name));
      passes.splice(0, passes.length, ...kept);
    }
    proxy.on('error', (error: Error, exchange: unknown) => (exchange as Exchange).collapse(error));
    this.#proxy = proxy;
  }

  /** Sends a request to the process of its lease; a WebSocket handshake as such where the process can take one. */
  toUpstream(exchange: Exchange, upstream: Upstream, destination: Destination): void {
    const { foreign, tcp, socketPath } = upstream;
    if (foreign !== undefined && isFoldedMethod(exchange.method, foreign)) {
      exchange.releaseLease('abandoned');
      exchange.refuse(REFUSED_METHOD);
      return;
    }
    const fitting = foreign === undefined ? destination : fitForeign(exchange, foreign, destination);
    if (exchange.isHandshake && foreign?.upgrades === true) {
      this.#sendHandshake(exchange, tcp ?? { socketPath }, fitting.headers);
    } else this.#send(exchange, this.#pools.to(upstream), fitting);
  }

  /** Sends a request to an `http://host:port` origin. */
  toUrl(exchange: Exchange, url: string, destination: Destination): void {
    if (exchange.isHandshake) this.#sendHandshake(exchange, placeOf(url), destination.headers);
    else this.#send(exchange, this.#pools.toUrl(url), destination);
  }

  async close(): Promise<void> {
    await this.#pools.close();
  }

  #sendHandshake(exchange: Exchange, place: Place, headers: readonly string[]): void {
    const rule = tooManyWebSockets(exchange);
    if (rule !== undefined) {
      exchange.refuse({ ...rule, close: true });
      return;
    }
    const { deps, route, request } = exchange;
    deps.listener.tunnels.begin(request.socket);
    if (route !== undefined) deps.groupTunnels.begin(route.key, request.socket);
    this.#handshakes.set(exchange, { place, headers, responseTimeoutMs: this.#responseTimeoutMs });
    this.#proxy.ws(asNodes(exchange), request.socket, NOTHING);
  }

  #send(exchange: Exchange, way: Way, destination: Destination): void {
    const answer = new UpstreamAnswer(exchange, destination);
    exchange.answer = answer;
    exchange.attempts += 1;
    exchange.destination = destination;
    exchange.way = way;
    this.#proxy.web(asNodes(exchange), exchange.response as unknown as ServerResponse);
  }

  #passHandshake(exchange: Exchange): boolean {
    passHandshake(exchange, this.#handshakes.get(exchange) as HandshakeDestination);
    return true;
  }

  #dispatch(exchange: Sent): boolean {
    const { way, destination, answer, head } = exchange;
    way.send(
      {
        method: destination.line?.method ?? exchange.method,
        path: destination.line?.path ?? head.path,
        headers: destination.headers,
        environ: destination.environ,
        body: bodyOf(exchange),
      },
      answer,
    );
    return true;
  }
}

/**
 * The pipeline hands what it is given from pass to pass, and gets the exchange itself: of a request it looks at nothing but the method and
 * `headers.upgrade`, in the pass of a handshake.
 */
function asNodes(exchange: Exchange): IncomingMessage {
  return exchange as unknown as IncomingMessage;
}

/** The rule that one more would break; undefined where there may be one. */
function tooManyWebSockets({ deps, limits, route }: Exchange): RefusalRule | undefined {
  if (deps.listener.tunnels.isFull(limits.webSockets)) return REFUSED_WEB_SOCKETS;
  if (route === undefined) return undefined;
  const { count = 0 } = deps.webSocketsOf(route.identity);
  return deps.groupTunnels.isFull(route.key, count) ? REFUSED_GROUP_WEB_SOCKETS : undefined;
}
