/** The look-up of a request, in configurations of few and of many mounts. `npm run bench:routing` judges the medians. */
import { bench, describe } from 'vitest';
import { resolveRoute } from '../../src/routing/resolve.ts';
import type { RouteRequest } from '../../src/routing/route.ts';
import { configurationText, probe, readText, siteSizes, spreadRequests } from './routing/sites.ts';

/** As many different requests as a small processor's caches cannot hold. */
const spread = 20_000;

for (const [name, size] of Object.entries(siteSizes)) {
  describe(name, () => {
    const site = readText(configurationText(size));
    const requests = spreadRequests(size, spread);
    const [first] = requests as readonly [RouteRequest];
    let next = 0;
    bench('all mounts in turn', () => {
      resolveRoute(site, requests[next] as RouteRequest, probe);
      next = next + 1 === spread ? 0 : next + 1;
    });
    bench('one mount', () => {
      resolveRoute(site, first, probe);
    });
  });
}
