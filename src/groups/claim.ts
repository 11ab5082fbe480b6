/** Asking a group for a lease: by a claim, which costs next to nothing, or by a promise. */
import type { Lease, Refusal } from './lease.ts';
import { settleable } from './settleable.ts';

/** Who wants a lease. */
export type Claim = {
  /** Whether nobody waits for it any more. */
  readonly isGone: boolean;
  /** Told once if the claim has to wait, unless what it got at once was the answer. */
  settled(outcome: Lease | Refusal): void;
};

/** The place of a claim in a queue; whoever leaves is settled by a refusal. */
export type Waiting = {
  readonly kind: 'waiting';
  leave(): void;
};

/** What there is at once. */
export type ClaimResult = Lease | Refusal | Waiting;

/** Has a promise settled by a claim, which leaves the queue when `signal` is aborted. */
export function byPromise(
  claim: (claim: Claim) => ClaimResult,
  signal: AbortSignal,
): Lease | Refusal | Promise<Lease | Refusal> {
  const { promise, resolve } = settleable<Lease | Refusal>();
  const leave = (): void => {
    if (result.kind === 'waiting') result.leave();
  };
  const result = claim({
    get isGone() {
      return signal.aborted;
    },
    settled(outcome) {
      signal.removeEventListener('abort', leave);
      resolve(outcome);
    },
  });
  if (result.kind !== 'waiting') return result;
  signal.addEventListener('abort', leave, { once: true });
  return promise;
}
