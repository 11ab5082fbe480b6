import { describe, expect, it } from 'vitest';
import { readSiteText, siteOf } from '../support/site-of.ts';

describe('buildSite()', () => {
  it('names virtual hosts and mounts without repeating itself', () => {
    const site = siteOf(`
Listen 80
<VirtualHost *:80>
  ServerName a.test
  WSGIScriptAlias / /srv/a.wsgi
</VirtualHost>
<VirtualHost *:443>
  ServerName a.test
  WSGIScriptAlias / /srv/a.wsgi
</VirtualHost>
<VirtualHost *:80>
  ServerName a.test
  WSGIScriptAlias / /srv/b.wsgi
</VirtualHost>`);
    expect(site.virtualHosts.map(({ id }) => id)).toEqual(['a.test:80', 'a.test:443', 'a.test:80#2']);
    expect(site.mounts.map(({ id }) => id)).toEqual(['a.test:/', 'a.test:443:/', 'a.test:80#2:/']);
  });

  it('names mounts alike wherever a ServerName stands, also one that says nothing', () => {
    const alias = 'WSGIScriptAlias / /srv/a.wsgi';
    const idsOf = (text: string): readonly string[] => readSiteText(text).site.mounts.map(({ id }) => id);
    expect(idsOf(`ServerName a.test\n${alias}\nServerName\n`)).toEqual(['a.test:/']);
    expect(idsOf(`ServerName\n${alias}\n`)).toEqual(idsOf(`${alias}\nServerName\n`));
    expect(idsOf(`${alias}\nServerName a:b\n`)).toEqual(['a:/']);
  });

  it('says of directives that have no effect here what is so instead', () => {
    const { diagnostics } = readSiteText('WSGILazyInitialization Off\nWSGIServerMetrics On\n');
    expect(diagnostics.map(({ id, severity, directive }) => [id, severity, directive])).toEqual([
      ['directive-without-effect', 'info', 'WSGILazyInitialization'],
      ['directive-without-effect', 'info', 'WSGIServerMetrics'],
    ]);
  });

  it('asks of a misspelt directive whether the one like it was meant', () => {
    const { diagnostics } = readSiteText('WSGIScriptAliass /a /srv/a.wsgi\nModPagespeed on\n');
    expect(diagnostics.map(({ directive, advice }) => [directive, advice])).toEqual([
      ['WSGIScriptAliass', 'Did you mean "WSGIScriptAlias"?'],
      ['ModPagespeed', expect.not.stringContaining('Did you mean')],
    ]);
  });

  it('keeps daemon processes with their options and their place', () => {
    const site = siteOf(`
WSGIDaemonProcess one processes=2 threads=5 python-path=/a:/b home=/srv display-name=%{GROUP}
<VirtualHost *:80>
  ServerName v.test
  WSGIDaemonProcess "two words" user=www
</VirtualHost>`);
    expect(site.processGroups.get('one')).toMatchObject({
      processes: 2,
      threads: 5,
      pythonPath: ['/a', '/b'],
      home: '/srv',
      displayName: '%{GROUP}',
    });
    expect(site.processGroups.get('one')).not.toHaveProperty('definedIn');
    expect(site.processGroups.get('two words')).toMatchObject({
      threads: 15,
      user: 'www',
      definedIn: 'v.test:80',
    });
    expect(site.processGroups.get('two words')).not.toHaveProperty('processes');
  });

  it.each([
    ['an option that is none', 'WSGIScriptAlias /a /srv/a.wsgi process=x', 'mount-not-understood'],
    ['a mount without a script', 'WSGIScriptAlias /a', 'mount-not-understood'],
    [
      'a pattern that cannot be translated',
      'WSGIScriptAliasMatch ^(?R) /srv/a.wsgi',
      'pattern-not-understood',
    ],
    ['a process group that is there', 'WSGIDaemonProcess a\nWSGIDaemonProcess a', 'process-group-twice'],
    ['a dispatch script', 'WSGIDispatchScript /srv/d.py', 'dispatch-script'],
    ['a directive of no module', 'NoSuchThing on', 'directive-not-understood'],
    ['a header of answers', 'Header set X-A b', 'response-directive'],
    ['a path that Apache forwards', 'ProxyPass /p http://127.0.0.1:9/', 'apache-only-directive'],
    [
      'a place that Apache forwards',
      '<Location /p>\nProxyPass http://127.0.0.1:9/\n</Location>',
      'apache-only-directive',
    ],
    ['files of folders', '<Directory /srv>\nAllowOverride FileInfo\n</Directory>', 'htaccess'],
    ['a list of them', '<Directory /srv>\nAllowOverrideList Redirect\n</Directory>', 'htaccess'],
    ['embedded mode that is refused', 'WSGIRestrictEmbedded On', 'embedded-restricted'],
    ['folders of users', 'UserDir public_html', 'user-folders'],
    [
      'what scripts are told',
      '<Location />\nCGIVar REQUEST_URI current-uri\n</Location>',
      'directive-not-kept',
    ],
    ['rules that filter requests', 'SecRuleEngine On', 'directive-not-kept'],
    ['clients that a front names', 'RemoteIPHeader X-Forwarded-For', 'client-address'],
    ['a condition on users', `<If "%{REMOTE_USER} == 'x'">\nSetEnv A b\n</If>`, 'expression-not-understood'],
    ['a look-up of a map', 'RewriteMap m txt:/srv/m\nRewriteRule ^/(.*) /%{TIME} ', 'rewrite-not-understood'],
    [
      'a virtual host by name',
      '<VirtualHost www.example.com:80>\nServerName a\n</VirtualHost>',
      'virtual-host-address',
    ],
  ])('says with file and line that it found %s', (_, text, id) => {
    const found = readSiteText(`ServerName main.test\n${text}`).diagnostics.filter((each) => each.id === id);
    expect(found).not.toEqual([]);
    expect(found[0]?.position?.file).toBe('/etc/apache2/test.conf');
    expect(found[0]?.position?.line).toBeGreaterThan(1);
  });

  it('says nothing about what changes no route', () => {
    const text =
      'ServerName a\nProxyPass /p !\n<Directory />\nAllowOverride None\n</Directory>\nUserDir disabled\nTimeout 5\nLogLevel warn\nKeepAlive On\nCustomLog /x y\nServerTokens Prod';
    expect(readSiteText(text).diagnostics).toEqual([]);
  });

  it('reports a mount that only Apache can protect, at the rule', () => {
    const { diagnostics } = readSiteText(`ServerName a
WSGIScriptAlias /app /srv/app.wsgi
WSGIScriptAlias /open /srv/open.wsgi
<Location /app>
  AuthType Basic
  Require valid-user
</Location>`);
    const found = diagnostics.filter(({ id }) => id === 'mount-access-control');
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ severity: 'error', position: { line: 6 } });
    expect(found[0]?.message).toContain('a:/app');
  });

  it('reports a part of a mount that only Apache can protect, once, and of a virtual host with mounts alone', () => {
    const rules = (path: string): string => `<Location ${path}>\nRequire valid-user\n</Location>`;
    const { diagnostics } = readSiteText(`ServerName a
<VirtualHost *:80>
ServerName b
WSGIScriptAlias /app /srv/app.wsgi
${rules('/app')}
${rules('/app/admin')}
</VirtualHost>
<VirtualHost *:80>
ServerName c
${rules('/files')}
</VirtualHost>`);
    expect(
      diagnostics
        .filter(({ id }) => id.endsWith('-access-control'))
        .map(({ id, severity, position }) => [id, severity, position?.line]),
    ).toEqual([
      ['mount-access-control', 'error', 6],
      ['place-access-control', 'warning', 9],
    ]);
  });

  it('says nothing of rules that filter nothing', () => {
    expect(readSiteText('ServerName a\nSecRuleEngine DetectionOnly').diagnostics).toEqual([]);
  });

  it('is not stopped by access rules that it enforces itself', () => {
    const { diagnostics } = readSiteText(`ServerName a
WSGIScriptAlias /app /srv/app.wsgi
<Directory /srv>
  Require ip 10.0.0.0/8
  Require local
</Directory>`);
    expect(diagnostics).toEqual([]);
  });
});
