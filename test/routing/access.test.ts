import { describe, expect, it } from 'vitest';
import { noRouteOf, routeOf, siteOf, wsgiRouteOf } from '../support/site-of.ts';

const siteWith = (rules: string, more = ''): ReturnType<typeof siteOf> =>
  siteOf(`Listen 80
ServerName a.test
WSGIScriptAlias /app /srv/app.wsgi
${more}
<Location /app>
${rules}
</Location>`);

describe('checkAccess()', () => {
  it.each([
    ['Require all granted', 'granted'],
    ['Require ip 10.0.0.0/8', 'granted'],
    ['Require valid-user', 'front-only'],
    ['Require user alice', 'front-only'],
    ['Require host example.com', 'front-only'],
    ['Require expr "%{QUERY_STRING} == \'x\'"', 'front-only'],
    ['WSGIAccessScript /srv/access.py', 'front-only'],
    ['SSLVerifyClient require', 'front-only'],
    ['SSLVerifyClient none', 'granted'],
    ['Require ip 10.0.0.0/8\nRequire valid-user', 'granted'],
    ['<RequireAll>\nRequire ip 10.0.0.0/8\nRequire valid-user\n</RequireAll>', 'front-only'],
    ['Order deny,allow\nDeny from all\nAllow from 10', 'granted'],
    ['Order allow,deny\nAllow from example.com', 'front-only'],
    ['Require valid-user\nOrder deny,allow\nDeny from all\nAllow from 10\nSatisfy any', 'granted'],
  ])('takes "%s" for %s', (rules, kind) => {
    expect(wsgiRouteOf(siteWith(rules), 'http://a.test/app').access.kind).toBe(kind);
  });

  it.each([
    'Require all denied',
    'Require ip 192.168',
    'Require local',
    '<RequireAll>\nRequire all granted\nRequire not ip 10\n</RequireAll>',
    '<RequireAll>\nRequire all denied\nRequire valid-user\n</RequireAll>',
    'Order allow,deny',
    'Require all granted\nDeny from 10.0.0.9',
    'AuthType Basic',
  ])('shuts the door by "%s"', (rules) => {
    expect(noRouteOf(siteWith(rules), 'http://a.test/app')).toMatchObject({
      status: 403,
      reason: 'forbidden',
    });
  });

  it('takes an unknown client for none of the addresses', () => {
    expect(
      noRouteOf(siteWith('Require ip 0.0.0.0/0'), 'http://a.test/app', { remoteAddress: '' }).status,
    ).toBe(403);
  });

  it('lets the nearer section replace the outer, unless AuthMerging joins them', () => {
    const outer = '<Directory /srv>\nRequire valid-user\n</Directory>';
    const kindOf = (rules: string): string =>
      wsgiRouteOf(siteWith(rules, outer), 'http://a.test/app').access.kind;
    expect(kindOf('Require all granted')).toBe('granted');
    expect(kindOf('AuthMerging And\nRequire all granted')).toBe('front-only');
    expect(kindOf('AuthMerging Or\nRequire all granted')).toBe('granted');
  });

  it('holds for files as for applications', () => {
    const site = siteOf(`Listen 80
ServerName a.test
DocumentRoot /srv
<Directory /srv>
  Require valid-user
</Directory>`);
    expect(routeOf(site, 'http://a.test/x.wsgi')).toMatchObject({
      kind: 'file',
      access: { kind: 'front-only' },
    });
  });
});
