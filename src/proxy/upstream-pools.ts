/** Ways to upstreams: connections of ours to a group process, an undici Pool to a URL. */
import type { Upstream } from '../groups/lease.ts';
import { ResponseClock } from './response-clock.ts';
import type { UpstreamTimeouts, Way } from './transport.ts';
import { type ConnectionHome, UpstreamConnection } from './upstream-connection.ts';
import { UrlWay } from './url-way.ts';

/**
 * The connections to one group process. Leases bound how many requests are under way, so there is no queue here: the connection
 * that was used last is used next, and a new one is made when all are busy. Lives until its process is gone; then answers under
 * way may finish, because what a process has written is still read.
 */
class UpstreamPool {
  readonly place: ConnectionHome['place'];
  readonly keepsConnections: boolean;
  readonly clock: ResponseClock;
  readonly connectMs: number | undefined;
  readonly #idle: UpstreamConnection[] = [];
  #isClosed = false;

  constructor({ socketPath, tcp, closed, foreign, connectMs }: Upstream, clock: ResponseClock) {
    this.place = tcp ?? socketPath;
    this.keepsConnections = foreign?.keepsConnections ?? true;
    this.clock = clock;
    this.connectMs = connectMs;
    if (closed.aborted) this.#isClosed = true;
    else closed.addEventListener('abort', () => this.#close(), { once: true });
  }

  take(): Way {
    return this.#idle.pop() ?? new UpstreamConnection(this);
  }

  giveBack(connection: UpstreamConnection): void {
    if (this.#isClosed) connection.close();
    else this.#idle.push(connection);
  }

  forget(connection: UpstreamConnection): void {
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  #close(): void {
    this.#isClosed = true;
    for (const connection of this.#idle.splice(0)) connection.close();
  }
}

/** Makes pools when upstreams are first used; group processes' pools end with them, URLs' with `close`. */
export class UpstreamPools {
  readonly #byUpstream = new WeakMap<Upstream, UpstreamPool>();
  readonly #byUrl = new Map<string, UrlWay>();
  readonly #timeouts: UpstreamTimeouts;
  /** By their limits, of which there are few. */
  readonly #clocks = new Map<number, ResponseClock>();

  constructor(timeouts: UpstreamTimeouts) {
    this.#timeouts = timeouts;
  }

  /** A way to a group process. */
  to(upstream: Upstream): Way {
    const known = this.#byUpstream.get(upstream);
    if (known !== undefined) return known.take();
    const pool = new UpstreamPool(
      upstream,
      this.#clockOf(upstream.silentMs ?? this.#timeouts.responseTimeoutMs),
    );
    this.#byUpstream.set(upstream, pool);
    return pool.take();
  }

  /** A way to an `http://host:port` origin. */
  toUrl(url: string): Way {
    const known = this.#byUrl.get(url);
    if (known !== undefined) return known;
    const way = new UrlWay(url, this.#timeouts);
    this.#byUrl.set(url, way);
    return way;
  }

  #clockOf(limitMs: number): ResponseClock {
    const known = this.#clocks.get(limitMs);
    if (known !== undefined) return known;
    const clock = new ResponseClock(limitMs);
    this.#clocks.set(limitMs, clock);
    return clock;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#byUrl.values()].map((way) => way.close()));
    this.#byUrl.clear();
  }
}
