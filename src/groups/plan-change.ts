/** What a new plan asks of a group that runs by an old one. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { GroupPlan } from './plan.ts';
import { renderStartOrder } from './start-order.ts';

/** `adopted`: the sidecar alone goes by what differs, so the running processes fit the new plan as well. */
export type PlanChange = 'unchanged' | 'adopted' | 'replaced';

/** What the sidecar itself acts on; the start order is compared besides, because a process is told some of it. */
type Adoptable = 'life' | 'queueLength' | 'queueTimeoutMs' | 'startTimeoutMs' | 'drainTimeoutMs';

/** What it takes to get from one plan to the other. */
export function planChange(from: GroupPlan, to: GroupPlan): PlanChange {
  if (isDeepStrictEqual(from, to)) return 'unchanged';
  return isSameProcess(from, to) ? 'adopted' : 'replaced';
}

/** Whether a process that was started by one plan is what the other one wants. */
export function isSameProcess(from: GroupPlan, to: GroupPlan): boolean {
  return isDeepStrictEqual(essence(from), essence(to));
}

function essence(plan: GroupPlan): readonly [Omit<GroupPlan, Adoptable>, string] {
  const { life: _, queueLength: __, queueTimeoutMs: ___, startTimeoutMs: ____, ...more } = plan;
  const { drainTimeoutMs: _____, ...rest } = more;
  return [rest, renderStartOrder({ plan, socketPath: '', imports: plan.imports })];
}
