import { describe, expect, it } from 'vitest';
import { resolveRoute } from '../../src/routing/resolve.ts';
import type { FileProbe, WsgiRoute } from '../../src/routing/route.ts';
import type { Site, SiteOptions } from '../../src/site/model.ts';
import { AskedGroups } from '../../src/supervisor/asked-groups.ts';
import { probeOf, requestTo, siteOf } from '../support/site-of.ts';

const PROBE = probeOf('/srv/shop.wsgi', '/srv/blog.wsgi', '/srv/dispatch.wsgi');

const host = (...lines: readonly string[]): string =>
  `Listen 80\nWSGIDaemonProcess a\n<VirtualHost *:80>\nServerName www.test\n${lines.join('\n')}\n</VirtualHost>\n`;

/** Groups of a site that one request has made, and the route by which it did. */
function asked(site: Site, url: string, probe: FileProbe = PROBE): { groups: AskedGroups; route: WsgiRoute } {
  const groups = new AskedGroups(PROBE);
  const request = requestTo(url);
  const route = resolveRoute(site, request, probe);
  if (route.kind !== 'wsgi') throw new Error(`No group: ${route.kind}`);
  groups.note(request, route);
  return { groups, route };
}

describe('AskedGroups', () => {
  const pattern = host('WSGIScriptAliasMatch ^/([a-z]+) /srv/$1.wsgi');

  it('knows a group by its request as long as that leads there', () => {
    const { groups, route } = asked(siteOf(pattern), 'http://www.test/shop');
    const isMadeBy = (text: string): boolean => groups.isMadeBy(siteOf(text), route.identity, route.key);
    expect(isMadeBy(pattern)).toBe(true);
    expect(isMadeBy(host('WSGIScriptAliasMatch ^/(blog) /srv/$1.wsgi'))).toBe(false);
    expect(isMadeBy(host('WSGIApplicationGroup other', 'WSGIScriptAliasMatch ^/([a-z]+) /srv/$1.wsgi'))).toBe(
      false,
    );
  });

  it('knows nothing of a group that nobody has asked for', () => {
    const { groups } = asked(siteOf(pattern), 'http://www.test/shop');
    const { route } = asked(siteOf(pattern), 'http://www.test/blog');
    expect(groups.isMadeBy(siteOf(pattern), route.identity, route.key)).toBe(false);
  });

  it('goes by the settings of the next site: a port that is folded from now on makes no group', () => {
    const text = host('WSGIScriptAlias /shop /srv/shop.wsgi');
    const admitting: Partial<SiteOptions> = { unknownPort: 'admit' };
    const { groups, route } = asked(siteOf(text, admitting), 'http://www.test:8123/shop');
    expect(groups.isMadeBy(siteOf(text, admitting), route.identity, route.key)).toBe(true);
    expect(groups.isMadeBy(siteOf(text), route.identity, route.key)).toBe(false);
  });

  it('takes a dispatch script to say what it said, while it is asked', () => {
    const lines = ['WSGIScriptAlias /shop /srv/shop.wsgi'];
    const dispatching = host('WSGIDispatchScript /srv/dispatch.wsgi', ...lines);
    const says: FileProbe = { ...PROBE, dispatch: () => ({ kind: 'names', applicationGroup: 'tenant' }) };
    const { groups, route } = asked(siteOf(dispatching), 'http://www.test/shop', says);
    expect(route.identity.applicationGroup).toBe('tenant');
    expect(groups.isMadeBy(siteOf(dispatching), route.identity, route.key)).toBe(true);
    expect(groups.isMadeBy(siteOf(host(...lines)), route.identity, route.key)).toBe(false);
  });
});
