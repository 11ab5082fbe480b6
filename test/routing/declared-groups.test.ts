import { describe, expect, it } from 'vitest';
import { declaredGroups, portGroups } from '../../src/routing/declared-groups.ts';
import { routeOf, siteOf } from '../support/site-of.ts';

const text = `
Listen 80
WSGIDaemonProcess pool
<VirtualHost *:80>
  ServerName a.test
  WSGIScriptAlias /One /srv/one.wsgi
  WSGIScriptAlias /two /srv/two.wsgi application-group=%{SERVER} process-group=pool
  WSGIScriptAlias /three /srv/three.wsgi application-group=%{SERVER} process-group=pool
  WSGIScriptAlias /lost /srv/lost.wsgi process-group=nosuch
  WSGIScriptAliasMatch ^/any/.* /srv/any.wsgi
  WSGIScriptAlias /folder /srv/folder/
  <Location /three>
    WSGICallableObject other
  </Location>
</VirtualHost>`;

describe('declaredGroups()', () => {
  it('lists one canonical group per name with all that leads into it', () => {
    const groups = declaredGroups(siteOf(text)).map(({ identity, mounts, scripts }) => ({
      name: identity.applicationGroup,
      pool: identity.processGroup,
      mounts: mounts.map(({ mountPoint }) => mountPoint),
      scripts,
    }));
    expect(groups).toEqual([
      { name: 'a.test|/one', pool: '', mounts: ['/One'], scripts: ['/srv/one.wsgi'] },
      {
        name: 'a.test',
        pool: 'pool',
        mounts: ['/two', '/three'],
        scripts: ['/srv/two.wsgi', '/srv/three.wsgi'],
      },
    ]);
  });

  it('gives the keys that requests get', () => {
    const site = siteOf(text);
    const keys = new Set(declaredGroups(site).map(({ key }) => key));
    for (const url of ['http://a.test/One/x', 'http://a.test/two', 'http://a.test:999/three']) {
      const route = routeOf(site, url);
      expect(route.kind === 'wsgi' && keys.has(route.key)).toBe(true);
    }
  });

  it.each([
    ['as-configured', 2],
    ['per-script', 3],
    ['per-mount', 3],
  ] as const)('parts what shares a name %s', (isolation, count) => {
    const site = siteOf(text, { isolation: { default: isolation } });
    expect(declaredGroups(site)).toHaveLength(count);
  });

  it('lets a mount have its own isolation, by virtual host or by itself', () => {
    const mounts = { 'a.test:/two': 'per-mount' } as const;
    expect(declaredGroups(siteOf(text, { isolation: { default: 'as-configured', mounts } }))).toHaveLength(3);
    const virtualHosts = { 'a.test': 'per-script' } as const;
    expect(
      declaredGroups(siteOf(text, { isolation: { default: 'as-configured', virtualHosts } })),
    ).toHaveLength(3);
  });
});

describe('portGroups()', () => {
  it('finds the mounts of the groups that clients make by naming a declared port', () => {
    const site = siteOf(`
Listen 8080
<VirtualHost *:8080>
  ServerName a.test
  WSGIScriptAlias /one /srv/one.wsgi application-group=%{SERVER}
  WSGIScriptAlias /two /srv/two.wsgi application-group=%{SERVER}
  WSGIScriptAlias /own /srv/own.wsgi
</VirtualHost>
`);
    const told = portGroups(site).map(({ identity, mounts }) => [
      identity.applicationGroup,
      mounts.map(({ mountPoint }) => mountPoint),
    ]);
    expect(new Map(told as [string, string[]][])).toEqual(
      new Map([
        ['a.test', ['/one', '/two']],
        ['a.test:8080', ['/one', '/two']],
        ['a.test|/own', ['/own']],
        ['a.test:8080|/own', ['/own']],
      ]),
    );
  });
});
