/** Requests that wait for a free thread: a `WaitingList` with its timer and clients that may leave. */
import type { GroupIdentity } from '../routing/group-key.ts';
import type { Claim, Waiting } from './claim.ts';
import type { Clock } from './clock.ts';
import type { Lease, Refusal } from './lease.ts';
import { clientGone, queueFull, queueTimeout } from './refusals.ts';
import { type WaitingLimits, WaitingList } from './waiting-list.ts';

/** The waiting room of one group. Everyone who enters leaves with a lease or a refusal, whatever happens. */
export class WaitingRoom {
  readonly #identity: GroupIdentity;
  #limits: WaitingLimits;
  readonly #clock: Clock;
  readonly #list: WaitingList<Claim>;
  readonly #onLeft: () => void;
  #cancelTimer: (() => void) | undefined;

  /** `onLeft` is called when somebody has left without a lease, by leaving or by giving up. */
  constructor(identity: GroupIdentity, limits: WaitingLimits, clock: Clock, onLeft: () => void) {
    this.#onLeft = onLeft;
    this.#identity = identity;
    this.#limits = limits;
    this.#clock = clock;
    this.#list = new WaitingList(limits);
  }

  /** Takes effect for those who wait already, too. */
  setLimits(limits: WaitingLimits): void {
    this.#limits = limits;
    this.#list.limits = limits;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#setTimer();
  }

  get depth(): number {
    return this.#list.depth;
  }

  /** How long the first one has waited; 0 when nobody waits. */
  longestWaitMs(): number {
    const first = this.#list.peek();
    return first === undefined ? 0 : this.#clock.now() - first.sinceMs;
  }

  /**
   * A refusal when the room is full, else a place in it. The limit is for requests beyond the group's concurrency:
   * `unstarted` threads, of processes that do not serve yet, have places of their own.
   */
  enter(claim: Claim, unstarted: number): Refusal | Waiting {
    const ticket = this.#list.push(claim, this.#clock.now(), unstarted);
    if (ticket === undefined) return queueFull(this.#identity, this.#limits.length);
    this.#setTimer();
    const leave = (): void => {
      if (!this.#list.remove(ticket)) return;
      claim.settled(clientGone(this.#identity));
      this.#onLeft();
    };
    return { kind: 'waiting', leave };
  }

  /** Gives leases to those who have waited longest, until `makeLease` has none left; it gets the time waited in ms. */
  admit(makeLease: (queuedMs: number) => Lease | undefined): void {
    for (let next = this.#list.peek(); next !== undefined; next = this.#list.peek()) {
      const lease = makeLease(this.#clock.now() - next.sinceMs);
      if (lease === undefined) return;
      this.#list.remove(next);
      next.item.settled(lease);
    }
  }

  refuseAll(refusal: Refusal): void {
    for (let next = this.#list.shift(); next !== undefined; next = this.#list.shift())
      next.item.settled(refusal);
  }

  /** One timer for the whole room: all may wait equally long, so the first who came is the first to give up. */
  #setTimer(): void {
    const deadlineMs = this.#list.nextDeadlineMs();
    if (this.#cancelTimer !== undefined || deadlineMs === undefined) return;
    this.#cancelTimer = this.#clock.after(Math.max(0, deadlineMs - this.#clock.now()), () => {
      this.#cancelTimer = undefined;
      for (const { item } of this.#list.expire(this.#clock.now())) {
        item.settled(queueTimeout(this.#identity, this.#limits.timeoutMs));
      }
      this.#setTimer();
      this.#onLeft();
    });
  }
}
