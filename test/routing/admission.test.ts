import { describe, expect, it } from 'vitest';
import { noRouteOf, siteOf, wsgiRouteOf } from '../support/site-of.ts';

const text = `
Listen 80
Listen 8080
<VirtualHost *:80 *:8080>
  ServerName app.test:8443
  ServerAlias www.app.test *.any.test
  WSGIScriptAlias /r /srv/a.wsgi
  WSGIScriptAlias /h /srv/a.wsgi application-group=%{HOST}
  WSGIScriptAlias /g /srv/a.wsgi application-group=%{GLOBAL}
  WSGIScriptAlias /e /srv/a.wsgi application-group=%{ENV:TENANT}
  WSGIScriptAlias /s /srv/a.wsgi application-group=%{ENV:FIXED}
  WSGIScriptAliasMatch ^/any/[^/]+ /srv/a.wsgi
  WSGIScriptAliasMatch ^/(?:one|two) /srv/a.wsgi
  SetEnvIf X-Tenant (.+) TENANT=$1
  SetEnv FIXED constant
</VirtualHost>`;

const nameOf = (url: string, options = {}, headers: readonly string[] = []): string =>
  wsgiRouteOf(siteOf(text, options), url, { rawHeaders: headers }).identity.applicationGroup;

describe('admit()', () => {
  it.each([
    ['of the client without a port', 'http://app.test/r', 'app.test:8443|/r'],
    ['80, which never shows', 'http://app.test:80/r', 'app.test|/r'],
    ['of a Listen', 'http://app.test:8080/r', 'app.test:8080|/r'],
    ['of ServerName', 'http://app.test:8443/r', 'app.test:8443|/r'],
  ])('takes the port %s as it is', (_, url, name) => {
    expect(nameOf(url)).toBe(name);
  });

  it('folds a port that is declared nowhere, and says what Apache would have said', () => {
    const route = wsgiRouteOf(siteOf(text), 'http://app.test:12345/r');
    expect(route.identity.applicationGroup).toBe('app.test:8443|/r');
    expect(route.serverPort).toBe(12345);
    expect(route.folded).toEqual({
      processGroup: '',
      applicationGroup: 'app.test:12345|/r',
      reason: 'minted_port',
    });
  });

  it('takes no notice of the port where the name does not hold it', () => {
    expect(
      wsgiRouteOf(siteOf(text, { unknownPort: 'refuse' }), 'http://app.test:12345/g').folded,
    ).toBeUndefined();
  });

  it('refuses or admits such a port where the settings say so', () => {
    expect(noRouteOf(siteOf(text, { unknownPort: 'refuse' }), 'http://app.test:12345/r')).toMatchObject({
      status: 421,
      reason: 'minted_port',
    });
    expect(nameOf('http://app.test:12345/r', { unknownPort: 'admit' })).toBe('app.test:12345|/r');
  });

  it('counts the ports of the settings as declared', () => {
    expect(nameOf('http://app.test:9000/r', { ports: [9000] })).toBe('app.test:9000|/r');
  });

  it.each([
    ['a name that only a wildcard takes', 'http://x.any.test/h', []],
    ['a name that nobody has', 'http://nobody.test/h', []],
    ['the text of a header', 'http://app.test/e', ['X-Tenant', 'acme']],
    ['what a pattern takes', 'http://app.test/any/thing', []],
  ])('makes no group of %s unless the settings say so', (_, url, headers) => {
    const site = siteOf(text);
    expect(noRouteOf(site, url, { rawHeaders: headers })).toMatchObject({ reason: 'from_request' });
    expect(nameOf(url, { expandFromRequest: true }, headers)).not.toBe('');
  });

  it.each([
    ['a declared alias', 'http://www.app.test/h', 'www.app.test:8443'],
    ['a constant variable', 'http://app.test/s', 'constant'],
    ['a variable that no request sets', 'http://app.test/e', '%{ENV:TENANT}'],
    ['a pattern of finitely many paths', 'http://app.test/two', 'app.test:8443|/two'],
  ])('makes groups of %s', (_, url, name) => {
    expect(nameOf(url)).toBe(name);
  });
});
