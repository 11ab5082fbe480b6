/** The lease that a group hands out; the one object that a request costs here. */
import { reasonForLease } from './exit.ts';
import type { Lease, LeaseEnd, LeaseOutcome } from './lease.ts';
import type { LeaseOut, Member } from './member.ts';

/** Who takes a thread back. */
export type Lender = {
  takeBack(lease: HeldLease, member: Member, outcome: LeaseOutcome, isIgnored: boolean): void;
};

/** Counts once, however often it is released. */
export class HeldLease implements Lease, LeaseOut {
  readonly kind = 'lease';
  readonly upstream: Lease['upstream'];
  readonly queuedMs: number;
  readonly sinceMs: number;
  readonly #member: Member;
  place = -1;
  #lender: Lender | undefined;

  constructor(lender: Lender, member: Member, { queuedMs, sinceMs }: { queuedMs: number; sinceMs: number }) {
    this.upstream = member.process;
    this.queuedMs = queuedMs;
    this.sinceMs = sinceMs;
    this.#member = member;
    this.#lender = lender;
  }

  release(outcome: LeaseOutcome, isIgnored = false): void {
    const lender = this.#lender;
    this.#lender = undefined;
    lender?.takeBack(this, this.#member, outcome, isIgnored);
  }

  whyEnded(): LeaseEnd | undefined {
    return reasonForLease(this.#member);
  }
}

/**
 * Adds a lease to those of a process. Not a Set: V8 makes a new table of one after every few changes, to which the old one points; once an old one
 * has come into the old heap, all that follow are kept until a full collection (165 MB where 115 were enough, within half a million requests).
 */
export function hold(leases: LeaseOut[], lease: LeaseOut): void {
  lease.place = leases.length;
  leases.push(lease);
}

/** Takes a held lease out; the order of the others changes. */
export function letGo(leases: LeaseOut[], lease: LeaseOut): void {
  const last = leases.pop();
  if (last === undefined || last === lease) return;
  leases[lease.place] = last;
  last.place = lease.place;
}
