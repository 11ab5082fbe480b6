/** How fronts come to a route: at once, or, where dispatch scripts are asked, perhaps later. */
import type { Refusal } from '../groups/lease.ts';
import type { GroupLog } from '../groups/observer.ts';
import type { GroupPool } from '../groups/pool.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { FrontDeps } from '../proxy/front.ts';
import { resolveRoute } from '../routing/resolve.ts';
import type { Route } from '../routing/route.ts';
import type { Settings } from '../settings/load.ts';
import type { Site } from '../site/model.ts';
import { Dispatcher } from '../supervisor/dispatcher.ts';
import { createFileProbe } from '../supervisor/file-probe.ts';

export type ResolverDeps = {
  readonly log: GroupLog;
  readonly metrics: Metrics;
  readonly currentSite: () => Site;
  /** The processes of dispatch scripts; undefined where those are not asked. */
  readonly helpers: GroupPool | undefined;
};

/** Names are worked out for every request: a script that takes longer than this hangs. In milliseconds. */
const DISPATCH_TIMEOUT_MS = 10_000;

/** `resolve` of the fronts. */
export function createResolver(
  { responseTimeout }: Pick<Settings, 'responseTimeout'>,
  { log, metrics, currentSite, helpers }: ResolverDeps,
): FrontDeps['resolve'] {
  const probe = createFileProbe();
  const count = <T extends Route | Refusal>(route: T): T => {
    if (route.kind === 'wsgi' && route.folded !== undefined) metrics.requestFolded(route.folded.reason);
    return route;
  };
  if (helpers === undefined) return (request) => count(resolveRoute(currentSite(), request, probe));
  const timeoutMs = Math.min(responseTimeout || DISPATCH_TIMEOUT_MS, DISPATCH_TIMEOUT_MS);
  const dispatcher = new Dispatcher({ pool: helpers, probe, log, timeoutMs });
  return (request, client) => {
    const route = dispatcher.resolve(currentSite(), request, client);
    return route instanceof Promise ? route.then(count) : count(route);
  };
}
