/** The state of a group with what belongs to it, so that an impossible combination cannot be written. */
import type { WallTime } from './clock.ts';
import type { Refusal } from './lease.ts';
import type { GroupPlan } from './plan.ts';
import { backingOff, startFailed } from './refusals.ts';

type Common = {
  readonly since: WallTime;
  readonly reason: string;
};

export type Condition =
  | (Common & { readonly state: 'idle' | 'starting' | 'ready' | 'draining' })
  | (Common & {
      readonly state: 'backing_off';
      /** When the next start may be made, by the clock's `now`. */
      readonly untilMs: number;
      readonly problem: string;
      /** After a crash requests may wait for the restart; after a failed start they are refused at once. */
      readonly after: 'crash' | 'boot-failure';
    })
  | (Common & { readonly state: 'failed'; readonly untilMs: number; readonly problem: string });

/** Why a request that found no free thread may not even wait; undefined when it may. */
export function refusalIn(condition: Condition, plan: GroupPlan, nowMs: number): Refusal | undefined {
  if (condition.state !== 'backing_off' && condition.state !== 'failed') return undefined;
  const waitMs = condition.untilMs - nowMs;
  if (condition.state === 'failed') {
    return waitMs > 0 ? startFailed(plan.identity, condition.problem, waitMs) : undefined;
  }
  const mayWait = condition.after === 'crash' && waitMs <= plan.queueTimeoutMs;
  return mayWait ? undefined : backingOff(plan.identity, condition.problem, waitMs);
}
