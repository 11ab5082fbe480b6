import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { resolveRoute, traceRoute } from '../../src/routing/resolve.ts';
import type { Route, RouteRequest } from '../../src/routing/route.ts';
import type { Site } from '../../src/site/model.ts';
import { createFileProbe } from '../../src/supervisor/file-probe.ts';
import { layOut, parseRecorded, readRequests, readScenarioSite } from '../run/play-vectors.ts';
import { probeOf, requestTo, siteOf } from '../support/site-of.ts';
import { scenarios } from './recorded-scenarios.ts';

const roots: string[] = [];

afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

/** The route without its virtual host, which is the site's and large. */
function plain(route: Route): unknown {
  return { ...route, virtualHost: route.virtualHost?.id };
}

describe('resolveRoute() on a site that has answered before', () => {
  it.each(scenarios)('answers every request of $name as one that remembers nothing', ({ path }) => {
    const root = mkdtempSync(join(tmpdir(), 'memory-'));
    roots.push(root);
    layOut(path, root);
    const requests = readRequests(path).flatMap((recorded) => parseRecorded(recorded) ?? []);
    for (const changes of [{}, { unknownPort: 'fold', expandFromRequest: false } as const]) {
      const site = readScenarioSite(path, root, changes);
      const probe = createFileProbe();
      // A trace makes every decision anew.
      const afresh = requests.map((request) => plain(traceRoute(site, request, probe, () => undefined)));
      const once = requests.map((request) => plain(resolveRoute(site, request, probe)));
      const backwards = requests
        .toReversed()
        .map((request) => plain(resolveRoute(site, request, probe)))
        .toReversed();
      expect(once).toEqual(afresh);
      expect(backwards).toEqual(afresh);
    }
  });

  it('tells apart the virtual hosts that inherit a mount', () => {
    const site = siteOf(`Listen 80
WSGIScriptAlias /app /srv/a.wsgi
<VirtualHost *:80>
  ServerName first.test
  WSGIProcessGroup %{GLOBAL}
</VirtualHost>
<VirtualHost *:80>
  ServerName second.test
  <Directory /srv>
    WSGIApplicationGroup mine
  </Directory>
</VirtualHost>`);
    expect(groupsOf(site, ['first.test', 'second.test', 'first.test', 'second.test'])).toEqual([
      'first.test|/app',
      'mine',
      'first.test|/app',
      'mine',
    ]);
  });

  it('asks for the name in the Host header each time where the group has it', () => {
    const site = siteOf(`Listen 80
WSGIApplicationGroup %{HOST}
WSGIScriptAlias /app /srv/a.wsgi
ServerName main.test
<VirtualHost *:80>
  ServerName first.test
  ServerAlias a.test b.test
</VirtualHost>`);
    expect(groupsOf(site, ['a.test', 'b.test', 'first.test', 'a.test'])).toEqual([
      'a.test',
      'b.test',
      'first.test',
      'a.test',
    ]);
  });
});

function groupsOf(site: Site, names: readonly string[]): unknown[] {
  return names.map((name) => {
    const request: RouteRequest = requestTo(`http://${name}/app/x`);
    const route = resolveRoute(site, request, probeOf('/srv/a.wsgi'));
    return route.kind === 'wsgi' ? route.identity.applicationGroup : route;
  });
}
