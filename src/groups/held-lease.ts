/** The lease that a group hands out; the one object that a request costs here. */
import type { Lease, LeaseOutcome } from './lease.ts';
import type { Member } from './member.ts';

/** Who takes a thread back. */
export type Lender = { takeBack(member: Member, outcome: LeaseOutcome): void };

/** Counts once, however often it is released. */
export class HeldLease implements Lease {
  readonly kind = 'lease';
  readonly upstream: Lease['upstream'];
  readonly queuedMs: number;
  readonly #member: Member;
  #lender: Lender | undefined;

  constructor(lender: Lender, member: Member, queuedMs: number) {
    this.upstream = member.process;
    this.queuedMs = queuedMs;
    this.#member = member;
    this.#lender = lender;
  }

  release(outcome: LeaseOutcome): void {
    const lender = this.#lender;
    this.#lender = undefined;
    lender?.takeBack(this.#member, outcome);
  }
}
