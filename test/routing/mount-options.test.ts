import { describe, expect, it } from 'vitest';
import { createMountEnvirons } from '../../src/proxy/environ.ts';
import { resolveRoute } from '../../src/routing/resolve.ts';
import type { WsgiRoute } from '../../src/routing/route.ts';
import { probeOf, requestTo, siteOf } from '../support/site-of.ts';

const CONFIGURATION = `Listen 80
ServerName a.test
WSGIScriptAlias /shop /srv/shop.wsgi
WSGIScriptAlias /health /srv/health.wsgi
<Directory /srv>
  Require all granted
</Directory>
<Location /health>
  WSGIIgnoreActivity On
</Location>
`;

describe('WSGIIgnoreActivity', () => {
  it.each([
    ['/shop', false],
    ['/health', true],
  ])('holds for %s as it is said there', (path, ignores) => {
    const probe = probeOf('/srv/shop.wsgi', '/srv/health.wsgi');
    const route = resolveRoute(siteOf(CONFIGURATION), requestTo(`http://a.test${path}`), probe) as WsgiRoute;
    expect(route.options.ignoreActivity).toBe(ignores);
    const connection = { localAddress: '127.0.0.1', localPort: 80, listenerHost: '', tls: false };
    const environ = createMountEnvirons()(route, connection);
    expect(environ.text.includes('"mod_wsgi.ignore_activity":"1"')).toBe(ignores);
  });
});
