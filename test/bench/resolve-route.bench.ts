/**
 * The look-up of a request, in configurations of few and of many mounts. `npm run bench:routing` judges the medians.
 * The built program is measured, as it runs: vitest's own translation makes every call of an imported function slower.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bench, describe } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import type { RouteRequest } from '../../src/routing/route.ts';

const built = pathToFileURL(join(packageRoot(), 'dist')).href;

const { resolveRoute } = (await import(
  `${built}/src/routing/resolve.js`
)) as typeof import('../../src/routing/resolve.ts');

const { configurationText, probe, readText, siteSizes, spreadRequests } = (await import(
  `${built}/test/bench/routing/sites.js`
)) as typeof import('./routing/sites.ts');

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
