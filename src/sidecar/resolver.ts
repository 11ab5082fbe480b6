/** How fronts come to a route: at once, or, where dispatch scripts are asked, perhaps later. */
import type { Refusal } from '../groups/lease.ts';
import type { GroupLog } from '../groups/observer.ts';
import type { GroupPool } from '../groups/pool.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { FrontDeps } from '../proxy/front.ts';
import { resolveRoute } from '../routing/resolve.ts';
import type { Route, RouteRequest } from '../routing/route.ts';
import type { Settings } from '../settings/load.ts';
import type { Site } from '../site/model.ts';
import type { AskedGroups } from '../supervisor/asked-groups.ts';
import { Dispatcher } from '../supervisor/dispatcher.ts';
import { createFileProbe } from '../supervisor/file-probe.ts';

export type ResolverDeps = {
  readonly log: GroupLog;
  readonly metrics: Metrics;
  readonly site: Site;
  /** The processes of dispatch scripts. */
  readonly helpers: GroupPool;
  readonly asked: AskedGroups;
};

/** Names are worked out for every request: a script that takes longer than this hangs. In milliseconds. */
const DISPATCH_TIMEOUT_MS = 10_000;

/** `resolve` of the fronts, as long as one configuration is in force. */
export function createResolver(
  { responseTimeout, groupsFrom }: Pick<Settings, 'responseTimeout' | 'groupsFrom'>,
  { log, metrics, site, helpers, asked }: ResolverDeps,
): FrontDeps['resolve'] {
  const probe = createFileProbe();
  const count = <T extends Route | Refusal>(request: RouteRequest, route: T): T => {
    if (route.kind !== 'wsgi') return route;
    asked.note(request, route);
    if (route.folded !== undefined) metrics.requestFolded(route.folded.reason);
    return route;
  };
  if (groupsFrom === 'configuration') return (request) => count(request, resolveRoute(site, request, probe));
  const timeoutMs = Math.min(responseTimeout || DISPATCH_TIMEOUT_MS, DISPATCH_TIMEOUT_MS);
  const dispatcher = new Dispatcher({ pool: helpers, probe, log, timeoutMs });
  return (request, client) => {
    const route = dispatcher.resolve(site, request, client);
    return route instanceof Promise ? route.then((later) => count(request, later)) : count(request, route);
  };
}
