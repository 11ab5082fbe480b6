/** The lease that a group hands out; the one object that a request costs here. */
import { reasonForLease } from './exit.ts';
import type { Lease, LeaseEnd, LeaseOutcome } from './lease.ts';
import type { Member } from './member.ts';

/** Who takes a thread back. */
export type Lender = {
  takeBack(lease: HeldLease, member: Member, outcome: LeaseOutcome, isIgnored: boolean): void;
};

/** Counts once, however often it is released. */
export class HeldLease implements Lease {
  readonly kind = 'lease';
  readonly upstream: Lease['upstream'];
  readonly queuedMs: number;
  /** Unix time in ms. */
  readonly since: number;
  readonly #member: Member;
  #lender: Lender | undefined;

  constructor(lender: Lender, member: Member, { queuedMs, since }: { queuedMs: number; since: number }) {
    this.upstream = member.process;
    this.queuedMs = queuedMs;
    this.since = since;
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
