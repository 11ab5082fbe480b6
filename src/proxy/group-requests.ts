/** The requests of groups: each waits for a lease, is sent, and is tried again as long as nothing of it has reached a process. */
import type { Lease, Refusal } from '../groups/lease.ts';
import type { GroupIdentity, GroupKey } from '../routing/group-key.ts';
import type { WsgiRoute } from '../routing/route.ts';
import type { Exchange } from './exchange.ts';
import type { Forwarder } from './forwarder.ts';
import { afterSmallBody } from './small-body.ts';
import type { Destination } from './upstream-answer.ts';

/** Where leases come from, and who sends. */
export type GroupRequestsDeps = {
  acquire(
    identity: GroupIdentity,
    key: GroupKey,
    signal: AbortSignal,
  ): Lease | Refusal | Promise<Lease | Refusal>;
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
  serve(exchange: Exchange, route: WsgiRoute, destination: Omit<Destination, 'connectFailed'>): void {
    const whole = { ...destination, connectFailed: this.#retry };
    afterSmallBody(exchange, () => this.#acquire(exchange, route, whole));
  }

  #acquire(exchange: Exchange, route: WsgiRoute, destination: Destination): void {
    const turn = this.#deps.acquire(route.identity, route.key, exchange.peer.gone());
    if (turn instanceof Promise) {
      turn.then(
        (outcome) => this.#forward(exchange, outcome, destination),
        (error: unknown) => exchange.fail('ERR_INTERNAL', 'Cannot acquire a group process', { error }),
      );
    } else this.#forward(exchange, turn, destination);
  }

  #forward(exchange: Exchange, outcome: Lease | Refusal, destination: Destination): void {
    if (outcome.kind === 'refusal') {
      answerRefusal(exchange, outcome);
      return;
    }
    exchange.takeLease(outcome);
    if (exchange.clientGone) {
      exchange.releaseLease('abandoned');
      return;
    }
    this.#deps.forwarder.toUpstream(exchange, outcome.upstream, destination);
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
      if (!exchange.clientGone) this.#acquire(exchange, route, destination);
    }, delay);
  };
}

/** Answers a request that gets no lease. */
export function answerRefusal(exchange: Exchange, { code, message, retryAfterSeconds }: Refusal): void {
  if (exchange.clientGone) return;
  exchange.fail(code, message, retryAfterSeconds === undefined ? {} : { retryAfterSeconds });
}
