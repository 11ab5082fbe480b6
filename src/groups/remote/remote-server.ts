/**
 * A server that runs elsewhere, as one of those that a `url:` group has: ready → unhealthy → ready, by what its checks and its
 * requests tell. A request that failed makes it a suspect, which is asked at once and avoided until it has answered.
 */
import { setMaxListeners } from 'node:events';
import type { Clock, WallTime } from '../clock.ts';
import type { ForeignTraits, Upstream } from '../lease.ts';
import { probe, probeConnection } from '../runners/probe.ts';
import type { UrlRunner } from '../runners/runner.ts';
import { foreignTraits } from '../runners/traits.ts';

/** What a server needs from its group. */
export type RemoteServerDeps = {
  readonly clock: Clock;
  /** It has just become unhealthy. */
  readonly onEjected: (server: RemoteServer) => void;
  /** A check is over: its state may have changed. */
  readonly onChecked: () => void;
};

/** A row of failed checks is spaced by this, doubled each time, and at most by the interval of the checks. */
const FIRST_WAIT_MS = 500;

/** Made and ended by its group alone. */
export class RemoteServer implements Upstream {
  readonly pid = 0;
  readonly socketPath = '';
  readonly url: string;
  readonly tcp: { readonly host: string; readonly port: number };
  readonly threads: number;
  readonly closed: AbortSignal;
  readonly leaving: AbortSignal;
  readonly foreign: ForeignTraits | undefined;
  readonly startedAt: WallTime;
  since: WallTime;
  state: 'ready' | 'unhealthy' = 'ready';
  /** Why it is unhealthy, as half a sentence. */
  problem = '';
  /** When the next check is, by the clock's `now`. */
  nextCheckAtMs: number;
  isSuspect = false;
  inFlight = 0;
  served = 0;
  failed = 0;
  /** Rank of its last use within the group. */
  lastUse = 0;
  readonly #deps: RemoteServerDeps;
  readonly #runner: UrlRunner;
  readonly #closing = new AbortController();
  readonly #leaving = new AbortController();
  #failures = 0;
  #isChecking = false;
  #cancelTimer: () => void = () => undefined;

  constructor(
    url: string,
    { runner, threads }: { runner: UrlRunner; threads: number },
    deps: RemoteServerDeps,
  ) {
    const { hostname, port } = new URL(url);
    this.url = url;
    this.tcp = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || '80') };
    this.threads = threads;
    this.closed = this.#closing.signal;
    this.leaving = this.#leaving.signal;
    // One for each WebSocket.
    setMaxListeners(0, this.leaving);
    this.foreign = foreignTraits(runner);
    this.startedAt = deps.clock.wallTime();
    this.since = this.startedAt;
    this.nextCheckAtMs = deps.clock.now();
    this.#runner = runner;
    this.#deps = deps;
  }

  /** Looks now, and from now on by itself. */
  async check(): Promise<void> {
    if (this.#isChecking || this.closed.aborted) return;
    this.#isChecking = true;
    this.#cancelTimer();
    const wasSuspect = this.isSuspect;
    const { healthPath: path, healthTimeoutMs: timeoutMs } = this.#runner;
    const problem =
      path === undefined
        ? await probeConnection(this.tcp, timeoutMs)
        : await probe(this.tcp, { path, timeoutMs });
    this.#isChecking = false;
    if (this.closed.aborted) return;
    this.isSuspect = false;
    if (problem === undefined) this.#answered();
    else this.#failedCheck(problem, wasSuspect);
    this.#schedule();
    this.#deps.onChecked();
  }

  /** A request did not get its answer. */
  suspect(): void {
    if (this.state !== 'ready') return;
    this.isSuspect = true;
    void this.check();
  }

  /** Its connections beyond an answer are to end; it gets no request any more but those that wait already. */
  leave(): void {
    this.#leaving.abort();
  }

  /** No check any more; answers under way may end. */
  close(): void {
    this.leave();
    this.#cancelTimer();
    this.#closing.abort();
  }

  #answered(): void {
    this.#failures = 0;
    if (this.state === 'unhealthy') this.#enter('ready', '');
  }

  /** A suspect has failed twice already: by a request, and now. */
  #failedCheck(problem: string, wasSuspect: boolean): void {
    this.#failures += 1;
    this.problem = problem;
    if (this.state === 'ready' && (wasSuspect || this.#failures >= this.#runner.healthThreshold)) {
      this.#enter('unhealthy', problem);
      this.#deps.onEjected(this);
    }
  }

  #enter(state: RemoteServer['state'], problem: string): void {
    this.state = state;
    this.problem = problem;
    this.since = this.#deps.clock.wallTime();
  }

  #schedule(): void {
    const { healthIntervalMs } = this.#runner;
    const backoffMs = FIRST_WAIT_MS * 2 ** Math.min(this.#failures - 1, 20);
    const waitMs = this.#failures === 0 ? healthIntervalMs : Math.min(backoffMs, healthIntervalMs);
    this.nextCheckAtMs = this.#deps.clock.now() + waitMs;
    this.#cancelTimer = this.#deps.clock.after(waitMs, () => void this.check());
  }
}
