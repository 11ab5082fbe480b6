/** The requests of groups: each waits for a lease, is sent, and is tried again as long as nothing of it has reached a process. */
import type { Claim, ClaimResult } from '../groups/claim.ts';
import type { Lease, Refusal } from '../groups/lease.ts';
import type { GroupIdentity, GroupKey } from '../routing/group-key.ts';
import type { WsgiRoute } from '../routing/route.ts';
import type { Exchange } from './exchange.ts';
import type { Forwarder } from './forwarder.ts';
import { afterSmallBody } from './small-body.ts';
import type { Destination } from './upstream-answer.ts';

/** Where leases come from, and who sends. */
export type GroupRequestsDeps = {
  claim(identity: GroupIdentity, key: GroupKey, claim: Claim): ClaimResult;
  readonly forwarder: Forwarder;
};

/** Waits before a new try when a process could not be reached, in milliseconds; a crash is noticed meanwhile. */
const RETRY_DELAYS_MS = [0, 25, 100] as const;

/** One per front. */
export class GroupRequests {
  readonly #deps: GroupRequestsDeps;

  constructor(deps: GroupRequestsDeps) {
    this.#deps = deps;
  }

  /** Serves a request by the group of its route; whatever happens, the exchange ends. */
  serve(
    exchange: Exchange,
    route: WsgiRoute,
    request: Pick<Destination, 'headers' | 'environ' | 'tls'>,
  ): void {
    const { headers, environ, tls } = request;
    const destination = { headers, environ, tls, trustClose: false, connectFailed: this.#retry };
    afterSmallBody(exchange, () => this.#claim(exchange, route, destination));
  }

  #claim(exchange: Exchange, route: WsgiRoute, destination: Destination): void {
    const wanted = new WantedLease(exchange, destination, this.#deps.forwarder);
    try {
      const result = this.#deps.claim(route.identity, route.key, wanted);
      if (result.kind === 'waiting') exchange.waiting = result;
      else wanted.settled(result);
    } catch (error) {
      // Told from a body that has come, or by a timer, nobody else would hear of it.
      exchange.collapse(error);
    }
  }

  /** Nothing was sent, so any request may be tried again: with a new lease, on a process that lives. */
  readonly #retry = (exchange: Exchange, error: Error): void => {
    const { route, destination } = exchange;
    const delay = RETRY_DELAYS_MS[exchange.attempts - 1];
    if (delay === undefined || route === undefined || destination === undefined) {
      exchange.fail('ERR_UPSTREAM_CONNECT', 'Cannot reach the group process', { error });
      return;
    }
    setTimeout(() => {
      if (!exchange.clientGone) this.#claim(exchange, route, destination);
    }, delay);
  };
}

/** The claim of one request: forwards it when there is a lease. */
class WantedLease implements Claim {
  readonly #exchange: Exchange;
  readonly #destination: Destination;
  readonly #forwarder: Forwarder;

  constructor(exchange: Exchange, destination: Destination, forwarder: Forwarder) {
    this.#exchange = exchange;
    this.#destination = destination;
    this.#forwarder = forwarder;
  }

  get isGone(): boolean {
    return this.#exchange.clientGone;
  }

  /** Whose thread has become free is told from the end of another request, which must not fail with this one. */
  settled(outcome: Lease | Refusal): void {
    const exchange = this.#exchange;
    exchange.waiting = undefined;
    try {
      if (outcome.kind === 'refusal') answerRefusal(exchange, outcome);
      else this.#forward(outcome);
    } catch (error) {
      exchange.collapse(error);
    }
  }

  #forward(lease: Lease): void {
    const exchange = this.#exchange;
    exchange.takeLease(lease);
    if (exchange.clientGone) exchange.releaseLease('abandoned');
    else this.#forwarder.toUpstream(exchange, lease.upstream, this.#destination);
  }
}

/** Answers a request that gets no lease. */
export function answerRefusal(exchange: Exchange, { code, message, retryAfterSeconds }: Refusal): void {
  if (exchange.clientGone) return;
  exchange.fail(code, message, retryAfterSeconds === undefined ? {} : { retryAfterSeconds });
}
