/** A group costs a process: only names that the configuration can produce become one, however many a client thinks of. */
import { describe, expect, it } from 'vitest';
import { groupKey } from '../../src/routing/group-key.ts';
import { IDENTITY, Stage } from '../groups/stage.ts';
import { noRouteOf, routeOf, siteOf } from '../support/site-of.ts';

const SITE = `
Listen 80
<VirtualHost *:80>
  ServerName app.test
  ServerAlias *.any.test
  WSGIScriptAlias /port /srv/a.wsgi
  WSGIScriptAlias /host /srv/a.wsgi application-group=%{HOST}
  WSGIScriptAlias /tenant /srv/a.wsgi application-group=%{ENV:TENANT}
  SetEnvIf X-Tenant (.+) TENANT=$1
</VirtualHost>`;

describe('a client that makes up names', () => {
  it('gets no group for each port that it writes into Host', () => {
    const site = siteOf(SITE);
    const keys = Array.from({ length: 100 }, (_, i) =>
      routeOf(site, `http://app.test:${20_000 + i}/port`),
    ).map((route) => (route.kind === 'wsgi' ? groupKey(route.identity) : route.kind));
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).not.toBe('none');
  });

  it('gets no group for each host that a wildcard takes', () => {
    const refused = noRouteOf(siteOf(SITE), 'http://x1.any.test/host');
    expect(refused).toMatchObject({ reason: 'from_request' });
  });

  it('chooses no interpreter by a header, and not the main one by its name', () => {
    for (const tenant of ['a', '%{GLOBAL}']) {
      const refused = noRouteOf(siteOf(SITE), 'http://app.test/tenant', { rawHeaders: ['X-Tenant', tenant] });
      expect(refused).toMatchObject({ reason: 'from_request' });
    }
  });

  it('meets the ceiling of groups where names are admitted', async () => {
    const stage = await Stage.open({ maxGroups: 1 });
    try {
      await stage.lease();
      const minted = { ...IDENTITY, applicationGroup: 'minted' };
      expect(await stage.acquire(undefined, minted)).toMatchObject({ code: 'ERR_GROUP_LIMIT' });
    } finally {
      await stage.close();
    }
  });
});
