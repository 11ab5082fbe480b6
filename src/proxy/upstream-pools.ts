/** Connections to upstreams: one undici Pool per group process, and one per URL. */
import { type Dispatcher, Pool } from 'undici';
import type { Upstream } from '../groups/lease.ts';
import { upstreamConnector } from './upstream-socket.ts';

/** Times in milliseconds; 0 for no limit. */
export type UpstreamTimeouts = {
  /** Until the head of an answer, and between two pieces of its body (Apache: `Timeout`). */
  readonly responseTimeoutMs: number;
  readonly connectTimeoutMs: number;
};

/** Idle connections are the process's to close: it ends them when it ends. */
const KEEP_ALIVE_MS = 3_600_000;

/** Connections kept to one URL. */
const URL_CONNECTIONS = 128;

/**
 * Makes a Pool when an upstream is first used and closes it when the upstream is gone. Closing lets running answers finish: what
 * a process has already written is still read, and what it has not is an error of its connection.
 */
export class UpstreamPools {
  readonly #byUpstream = new WeakMap<Upstream, Pool>();
  readonly #byUrl = new Map<string, Pool>();
  readonly #timeouts: UpstreamTimeouts;

  constructor(timeouts: UpstreamTimeouts) {
    this.#timeouts = timeouts;
  }

  /** The pool of a group process. */
  of(upstream: Upstream): Dispatcher {
    return this.#byUpstream.get(upstream) ?? this.#open(upstream);
  }

  /** The pool of an `http://host:port` origin. */
  ofUrl(url: string): Dispatcher {
    const known = this.#byUrl.get(url);
    if (known !== undefined) return known;
    const pool = new Pool(new URL(url).origin, { ...this.#options(), connections: URL_CONNECTIONS });
    this.#byUrl.set(url, pool);
    return pool;
  }

  /** Ends the connections to URLs; those to group processes end with the processes. */
  async close(): Promise<void> {
    await Promise.all([...this.#byUrl.values()].map((pool) => pool.close()));
    this.#byUrl.clear();
  }

  #open(upstream: Upstream): Pool {
    const { socketPath, threads, closed } = upstream;
    const pool = new Pool('http://localhost', {
      ...this.#options(),
      connect: upstreamConnector(socketPath),
      connections: threads,
    });
    this.#byUpstream.set(upstream, pool);
    const close = (): void => void pool.close().catch(ignore);
    if (closed.aborted) close();
    else closed.addEventListener('abort', close, { once: true });
    return pool;
  }

  #options(): Pool.Options {
    return {
      pipelining: 1,
      connectTimeout: this.#timeouts.connectTimeoutMs,
      headersTimeout: this.#timeouts.responseTimeoutMs,
      bodyTimeout: this.#timeouts.responseTimeoutMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
    };
  }
}

function ignore(): void {
  // A pool that was closed already is as good.
}
