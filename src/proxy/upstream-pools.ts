/** Connections to upstreams: one undici Client each to a group process, a Pool of them to a URL. */
import type { Socket } from 'node:net';
import { type buildConnector, Client, type Dispatcher, Pool } from 'undici';
import type { Upstream } from '../groups/lease.ts';
import { ResponseClock, type Timed } from './response-clock.ts';
import { connectUpstream, outliveBrokenPipe } from './upstream-socket.ts';

/** Idle connections are the process's to close: it ends them when it ends. */
const KEEP_ALIVE_MS = 3_600_000;

/** Connections kept to one URL. */
const URL_CONNECTIONS = 128;

/** Limits in milliseconds; 0 for none. */
export type UpstreamTimeouts = {
  /** How long an upstream may be silent while it is its turn to speak (Apache: `Timeout`). */
  readonly responseTimeoutMs: number;
  /** For connections to URLs. */
  readonly connectTimeoutMs: number;
};

/** A connection for one request at a time. */
export type Way = {
  /** Takes the connection for a request: `timeOut` is called when its upstream is silent for too long. */
  begin(request: { timeOut(): void }): void;
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean;
  /** The upstream has been heard of. */
  hear(): void;
  /** It is not the upstream's turn to speak, until it is heard of again. */
  wait(): void;
  /** Gives the connection back, once for each `begin`. */
  end(): void;
};

/**
 * The connections to one group process. Leases bound how many requests are under way, so there is no queue here: the connection
 * that was used last is used next, and a new one is made when all are busy. Lives until its process is gone; then answers under
 * way may finish, because what a process has written is still read.
 */
class UpstreamPool {
  readonly socketPath: string;
  readonly keepsConnections: boolean;
  readonly clock: ResponseClock;
  readonly #idle: UpstreamClient[] = [];
  #isClosed = false;

  constructor({ socketPath, closed, foreign }: Upstream, clock: ResponseClock) {
    this.socketPath = socketPath;
    this.keepsConnections = foreign?.keepsConnections ?? true;
    this.clock = clock;
    if (closed.aborted) this.#isClosed = true;
    else closed.addEventListener('abort', () => this.#close(), { once: true });
  }

  take(): Way {
    return this.#idle.pop() ?? new UpstreamClient(this);
  }

  giveBack(client: UpstreamClient): void {
    if (this.#isClosed) client.close();
    else this.#idle.push(client);
  }

  #close(): void {
    this.#isClosed = true;
    for (const client of this.#idle.splice(0)) client.close();
  }
}

/** One connection to a group process, made anew when it has ended. It has one request at a time. */
class UpstreamClient implements Way, Timed {
  readonly #pool: UpstreamPool;
  readonly #client: Client;
  #socket: Socket | undefined;
  #outlivesBrokenPipe = false;
  #request: { timeOut(): void } | undefined;
  silentSince = -1;

  constructor(pool: UpstreamPool) {
    this.#pool = pool;
    pool.clock.watch(this);
    this.#client = new Client('http://localhost', {
      connect: (_options, callback) => this.#connect(callback),
      // With 1 undici waits a turn of the event loop after each answer; two requests never meet, since `end` comes between them.
      pipelining: 2,
      // Answers are timed by `ResponseClock`, for all of them at once.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
    });
  }

  begin(request: { timeOut(): void }): void {
    this.#request = request;
    this.hear();
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (options.body !== null && !this.#outlivesBrokenPipe) this.#prepareForBodies();
    // A server that ends the connection by itself could do so while the next request is on its way.
    if (!this.#pool.keepsConnections) return this.#client.dispatch({ ...options, reset: true }, handler);
    return this.#client.dispatch(options, handler);
  }

  hear(): void {
    this.silentSince = this.#pool.clock.tick;
  }

  wait(): void {
    this.silentSince = -1;
  }

  timeOut(): void {
    this.#request?.timeOut();
  }

  end(): void {
    this.#request = undefined;
    this.wait();
    this.#pool.giveBack(this);
  }

  #connect(callback: buildConnector.Callback): void {
    const socket = connectUpstream(this.#pool.socketPath);
    const refuse = (error: Error): void => callback(error, null);
    socket.once('error', refuse);
    socket.once('connect', () => {
      socket.off('error', refuse);
      if (this.#outlivesBrokenPipe) outliveBrokenPipe(socket);
      this.#socket = socket;
      callback(null, socket);
    });
  }

  /** Only bodies are worth it: a connection that never carries one writes by the shortest way. */
  #prepareForBodies(): void {
    this.#outlivesBrokenPipe = true;
    if (this.#socket !== undefined) outliveBrokenPipe(this.#socket);
  }

  close(): void {
    this.#pool.clock.forget(this);
    void this.#client.close().catch(ignore);
  }
}

/** Makes pools when upstreams are first used; group processes' pools end with them, URLs' with `close`. */
export class UpstreamPools {
  readonly #byUpstream = new WeakMap<Upstream, UpstreamPool>();
  readonly #byUrl = new Map<string, { readonly pool: Pool; readonly way: Way }>();
  readonly #timeouts: UpstreamTimeouts;
  readonly #clock: ResponseClock;

  constructor(timeouts: UpstreamTimeouts) {
    this.#timeouts = timeouts;
    this.#clock = new ResponseClock(timeouts.responseTimeoutMs);
  }

  /** A way to a group process. */
  to(upstream: Upstream): Way {
    const known = this.#byUpstream.get(upstream);
    if (known !== undefined) return known.take();
    const pool = new UpstreamPool(upstream, this.#clock);
    this.#byUpstream.set(upstream, pool);
    return pool.take();
  }

  /** A way to an `http://host:port` origin. */
  toUrl(url: string): Way {
    const known = this.#byUrl.get(url);
    if (known !== undefined) return known.way;
    const { connectTimeoutMs, responseTimeoutMs } = this.#timeouts;
    const pool = new Pool(new URL(url).origin, {
      connections: URL_CONNECTIONS,
      pipelining: 1,
      connectTimeout: connectTimeoutMs,
      headersTimeout: responseTimeoutMs,
      bodyTimeout: responseTimeoutMs,
    });
    // undici's pool chooses the connection and keeps the time itself.
    const way: Way = {
      begin: ignore,
      dispatch: (options, handler) => pool.dispatch(options, handler),
      hear: ignore,
      wait: ignore,
      end: ignore,
    };
    this.#byUrl.set(url, { pool, way });
    return way;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#byUrl.values()].map(({ pool }) => pool.close()));
    this.#byUrl.clear();
  }
}

function ignore(): void {
  // Nothing is to be done: a client that was closed already is as good as closed now.
}
