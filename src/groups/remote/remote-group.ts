/**
 * A group that runs elsewhere: its servers are checked and shared out among, and no process is started or ended here.
 * Laws, as of `Group`: if a request waits, no healthy server has room; if none is healthy, nobody waits.
 */
import { isDeepStrictEqual } from 'node:util';
import { groupFields } from '../../log.ts';
import type { GroupIdentity } from '../../routing/group-key.ts';
import type { Claim, ClaimResult } from '../claim.ts';
import type { Clock, WallTime } from '../clock.ts';
import type { FailureSnapshot } from '../failures.ts';
import type { Lease, LeaseOutcome, Refusal } from '../lease.ts';
import type { GroupLog, GroupObserver, GroupState } from '../observer.ts';
import type { GroupPlan } from '../plan.ts';
import { Quiet } from '../quiet.ts';
import { clientGone, draining, noServer } from '../refusals.ts';
import type { UrlRunner } from '../runners/runner.ts';
import type { GroupSnapshot } from '../snapshot.ts';
import { checkTransition, REMOTE_TRANSITIONS } from '../transitions.ts';
import { WaitingRoom } from '../waiting-room.ts';
import { RemoteServer } from './remote-server.ts';

/** The plan of a `url:` group. */
export type RemotePlan = GroupPlan & { readonly runner: UrlRunner };

/** What it needs from outside. */
export type RemoteGroupDeps = {
  readonly clock: Clock;
  readonly observer: GroupObserver;
  readonly log: GroupLog;
};

/** Whether a plan is one for a group that runs elsewhere. */
export function isRemote(plan: GroupPlan): plan is RemotePlan {
  return plan.runner.kind === 'url';
}

export class RemoteGroup {
  readonly #deps: RemoteGroupDeps;
  readonly #room: WaitingRoom;
  readonly #quiet: Quiet;
  #plan: RemotePlan;
  #servers: readonly RemoteServer[];
  #state: GroupState = 'idle';
  #since: WallTime;
  #reason = 'nothing has asked for it yet';
  #lastFailure: FailureSnapshot | undefined;
  #uses = 0;
  #isStopping = false;

  constructor(plan: RemotePlan, deps: RemoteGroupDeps) {
    this.#plan = plan;
    this.#deps = deps;
    this.#since = deps.clock.wallTime();
    this.#room = new WaitingRoom(plan.identity, limitsOf(plan), deps.clock, () => this.#quiet.look());
    this.#servers = plan.runner.urls.map((url) => this.#serverAt(url, plan));
    this.#quiet = new Quiet(deps.clock, () => this.#room.depth === 0 && this.#inFlight() === 0);
    deps.observer.groupStateChanged(plan.identity, undefined, 'idle');
  }

  get identity(): GroupIdentity {
    return this.#plan.identity;
  }

  get state(): GroupState {
    return this.#state;
  }

  /** A lease when a healthy server has room; else a refusal, or a place in the queue. */
  claim(claim: Claim): ClaimResult {
    if (this.#isStopping) return draining(this.identity);
    if (this.#state === 'idle') void this.preload();
    const lease = this.#lease(0);
    if (lease !== undefined) return lease;
    if (claim.isGone) return clientGone(this.identity);
    return this.#healthy().length === 0 ? this.#noServer() : this.#room.enter(claim, 0);
  }

  /** Begins to check its servers; kept when each has been asked once. */
  async preload(): Promise<void> {
    if (this.#isStopping || this.#state !== 'idle') return;
    // Until a check has told otherwise, its requests are tried.
    this.#enter('ready', 'its servers are being asked');
    await Promise.all(this.#servers.map((server) => server.check()));
  }

  /** There is nothing here to start anew: its servers are asked at once. */
  async restart(plan: GroupPlan): Promise<{ readonly kind: 'restarted' }> {
    await this.reload(plan);
    await Promise.all(this.#servers.map((server) => server.check()));
    return { kind: 'restarted' };
  }

  /** Goes by a new plan; servers that stay keep their state. */
  async reload(plan: GroupPlan): Promise<{ readonly kind: 'unchanged' | 'adopted' }> {
    if (!isRemote(plan) || isDeepStrictEqual(plan, this.#plan)) return { kind: 'unchanged' };
    const { urls: _, ...before } = this.#plan.runner;
    const { urls, ...after } = plan.runner;
    const mayStay = plan.threads === this.#plan.threads && isDeepStrictEqual(before, after);
    const old = new Map(this.#servers.map((server) => [server.url, server]));
    this.#plan = plan;
    this.#room.setLimits(limitsOf(plan));
    this.#servers = urls.map((url) => (mayStay && old.get(url)) || this.#serverAt(url, plan));
    for (const server of old.values()) if (!this.#servers.includes(server)) server.close();
    if (this.#state !== 'idle') {
      for (const server of this.#servers) if (!old.has(server.url) || !mayStay) void server.check();
      this.#judge();
    }
    this.#serve();
    return { kind: 'adopted' };
  }

  /** No new requests; those that came in time are served, as far as the drain time goes. */
  async stop(): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#enter('draining', 'the sidecar stops it');
    for (const server of this.#servers) server.leave();
    await this.#quiet.within(this.#plan.drainTimeoutMs);
    this.#room.refuseAll(draining(this.identity));
    for (const server of this.#servers) server.close();
    this.#enter('idle', 'it was stopped');
  }

  snapshot(): GroupSnapshot {
    const { id, identity, mode, queueLength } = this.#plan;
    return {
      id,
      identity,
      mode,
      state: this.#state,
      since: this.#since,
      reason: this.#reason,
      ...(this.#state === 'backing_off' ? { nextStartInMs: this.#nextCheckInMs() } : {}),
      processes: this.#servers.map(snapshotServer),
      processLimit: this.#servers.length,
      queue: { depth: this.#room.depth, limit: queueLength },
      ...(this.#lastFailure === undefined ? {} : { lastFailure: this.#lastFailure }),
      imported: [],
      failedScripts: [],
    };
  }

  #serverAt(url: string, plan: RemotePlan): RemoteServer {
    return new RemoteServer(url, plan, {
      clock: this.#deps.clock,
      onEjected: (server) => this.#tellOf(server),
      onChecked: () => this.#checked(),
    });
  }

  #lease(queuedMs: number): Lease | undefined {
    const server = leastBusy(this.#servers);
    if (server === undefined) return undefined;
    server.inFlight += 1;
    server.lastUse = ++this.#uses;
    let isHeld = true;
    const release = (outcome: LeaseOutcome): void => {
      if (!isHeld) return;
      isHeld = false;
      this.#takeBack(server, outcome);
    };
    return { kind: 'lease', upstream: server, queuedMs, release };
  }

  #takeBack(server: RemoteServer, outcome: LeaseOutcome): void {
    server.inFlight -= 1;
    server.served += 1;
    if (outcome === 'failed') {
      server.failed += 1;
      server.suspect();
    }
    this.#serve();
  }

  #checked(): void {
    if (!this.#isStopping) this.#judge();
    this.#serve();
  }

  #tellOf(server: RemoteServer): void {
    const message = `Server ${server.url} is out of service: ${server.problem}`;
    this.#lastFailure = { at: server.since, step: 'serving', message };
    const { id, identity } = this.#plan;
    this.#deps.log.warn({ group: id, ...groupFields(identity), url: server.url }, message);
  }

  /** What its servers make of its state. */
  #judge(): void {
    const healthy = this.#healthy().length;
    if (healthy > 0) this.#enter('ready', `${healthy} of ${this.#servers.length} servers answer`);
    else {
      this.#enter('backing_off', this.#problems());
      this.#room.refuseAll(this.#noServer());
    }
  }

  #serve(): void {
    this.#room.admit((queuedMs) => this.#lease(queuedMs));
    this.#quiet.look();
  }

  #healthy(): readonly RemoteServer[] {
    return this.#servers.filter(({ state }) => state === 'ready');
  }

  #noServer(): Refusal {
    return noServer(this.identity, this.#problems(), this.#nextCheckInMs());
  }

  #problems(): string {
    return this.#servers.map(({ url, problem }) => `${url}: ${problem}`).join(', ');
  }

  #nextCheckInMs(): number {
    return Math.min(...this.#servers.map(({ nextCheckAtMs }) => nextCheckAtMs)) - this.#deps.clock.now();
  }

  #inFlight(): number {
    return this.#servers.reduce((sum, { inFlight }) => sum + inFlight, 0);
  }

  #enter(state: GroupState, reason: string): void {
    const from = this.#state;
    this.#reason = reason;
    if (state === from) return;
    checkTransition(REMOTE_TRANSITIONS, { from, to: state }, this.#deps.log, { group: this.#plan.id });
    this.#state = state;
    this.#since = this.#deps.clock.wallTime();
    this.#deps.observer.groupStateChanged(this.identity, from, state);
    this.#deps.log.info({ group: this.#plan.id, from, to: state, reason }, 'Group changed its state');
  }
}

function limitsOf({ queueLength, queueTimeoutMs }: GroupPlan): {
  readonly length: number;
  readonly timeoutMs: number;
} {
  return { length: queueLength, timeoutMs: queueTimeoutMs };
}

/** The healthy server with room and the fewest requests, among equals the one that rested longest; a suspect only for want of others. */
function leastBusy(servers: readonly RemoteServer[]): RemoteServer | undefined {
  let best: RemoteServer | undefined;
  for (const server of servers) {
    if (server.state !== 'ready' || server.inFlight >= server.threads) continue;
    if (best === undefined || isBefore(server, best)) best = server;
  }
  return best;
}

function isBefore(a: RemoteServer, b: RemoteServer): boolean {
  if (a.isSuspect !== b.isSuspect) return b.isSuspect;
  return a.inFlight === b.inFlight ? a.lastUse < b.lastUse : a.inFlight < b.inFlight;
}

function snapshotServer(server: RemoteServer): GroupSnapshot['processes'][number] {
  const { pid, url, state, startedAt, since, inFlight, threads, served, failed } = server;
  const counts = { inFlight, threads, served, failed, isInDoubt: false, isBeingReplaced: false };
  return { pid, url, state, startedAt, since, ...counts };
}
