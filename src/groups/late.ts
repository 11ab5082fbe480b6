/** When requests count as late: `request-timeout` as each version of mod_wsgi means it. Pure. */
import type { GroupPlan } from './plan.ts';

/** What of a plan says it. */
export type LatePlan = Pick<GroupPlan, 'threads' | 'modWsgiVersion' | 'life'>;

/**
 * Whether a process with requests that began at these moments of the clock's `now` has to go. mod_wsgi 4.9 and 5 spread the age of all its requests
 * over its threads (`wsgi_monitor_thread`): one stuck request of 15 threads fires at fifteen times the limit. 6 looks at each
 * request, and allows more where there are more threads.
 */
export function isLate(
  began: Iterable<number>,
  { threads, modWsgiVersion, life }: LatePlan,
  nowMs: number,
): boolean {
  if (life.requestTimeoutMs === undefined) return false;
  const limit = life.requestTimeoutMs;
  let sum = 0;
  let oldest = 0;
  for (const startMs of began) {
    sum += nowMs - startMs;
    oldest = Math.max(oldest, nowMs - startMs);
  }
  const interrupt = life.interruptTimeoutMs ?? 0;
  if (modWsgiVersion[0] >= 6) return oldest > limit * (1 + Math.log(threads)) + interrupt;
  return sum / threads > limit + interrupt;
}
