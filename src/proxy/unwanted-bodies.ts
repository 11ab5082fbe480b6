/**
 * Bodies that are read to be thrown away: their request has been answered, and its connection lives on. A client that is silent meets the
 * time that it has for its next request; one that sends a byte now and then is held by `limits.bodyMinRate`, as in `body-pace.ts`.
 */
import type { ClientRequest } from '../http/client-request.ts';
import type { ClientResponse } from '../http/client-response.ts';
import type { FrontLimits } from './limits.ts';
import type { ProxyLog } from './log.ts';
import type { RequestObserver } from './observation.ts';
import { REFUSED_RATE } from './rules.ts';

/** Looks at each in a part of `limits.bodyTimeout`: a client is cut off at most one part late. */
const PARTS = 20;

type Unwanted = {
  readonly requestId: string;
  /** When its answer was out. */
  readonly since: number;
  /** What its connection had brought by then. */
  readonly bytesRead: number;
};

/** Looks only while there is something to look after. */
export class UnwantedBodies {
  readonly #limits: FrontLimits;
  readonly #deps: { readonly log: ProxyLog; readonly observer: RequestObserver };
  readonly #bodies = new Map<ClientRequest, Unwanted>();
  #timer: NodeJS.Timeout | undefined;

  constructor(limits: FrontLimits, deps: { readonly log: ProxyLog; readonly observer: RequestObserver }) {
    this.#limits = limits;
    this.#deps = deps;
  }

  /** Holds what still comes of an answered request to the rate. */
  watch({ request, isLast }: ClientResponse, requestId: string): void {
    const { bodyTimeoutMs, bodyMinRate } = this.#limits;
    const { bytesRead, writable } = request.socket;
    // Behind a last answer, or an end, the connection lingers for a time of its own.
    if (request.complete || isLast || !writable || bodyTimeoutMs === 0 || bodyMinRate === 0) return;
    this.#bodies.set(request, { requestId, since: performance.now(), bytesRead });
    this.#timer ??= setInterval(() => this.#look(), bodyTimeoutMs / PARTS).unref();
  }

  #look(): void {
    const now = performance.now();
    for (const [request, body] of this.#bodies) {
      if (request.complete || request.socket.destroyed) this.#bodies.delete(request);
      else if (this.#isTooSlow(request, body, now)) {
        this.#bodies.delete(request);
        this.#end(request, body);
      }
    }
    if (this.#bodies.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #isTooSlow({ socket }: ClientRequest, { since, bytesRead }: Unwanted, now: number): boolean {
    const { bodyTimeoutMs, bodyMinRate } = this.#limits;
    const bytes = socket.bytesRead - bytesRead;
    return now - since > bodyTimeoutMs + (bytes * 1000) / bodyMinRate;
  }

  #end({ socket }: ClientRequest, { requestId }: Unwanted): void {
    const { reason, message } = REFUSED_RATE;
    this.#deps.log.info({ request_id: requestId, reason }, message);
    this.#deps.observer.connectionEnded('body_rate');
    socket.destroy();
  }
}
