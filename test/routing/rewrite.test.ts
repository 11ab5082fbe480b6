import { describe, expect, it } from 'vitest';
import { resolveRoute } from '../../src/routing/resolve.ts';
import type { Route } from '../../src/routing/route.ts';
import { probeOf, requestTo, siteOf } from '../support/site-of.ts';

const site = siteOf(`Listen 80
ServerName a.test
DocumentRoot /srv/www
WSGIScriptAlias /app /srv/a.wsgi
RewriteEngine On
RewriteCond %{REQUEST_URI} ^/timed
RewriteCond %{TIME_HOUR} >12
RewriteRule ^/timed /app/afternoon [PT]
RewriteRule ^/stop - [F]
RewriteCond %{REQUEST_URI} ^/asked
RewriteCond /app/x -U
RewriteRule . /app/asked [PT]
RewriteRule ^/year /app/%{TIME_YEAR} [PT]
RewriteRule ^/flag /app [ZZ]
<Directory /srv/www>
  Require all granted
  DirectoryIndex none index.wsgi
  AddHandler wsgi-script .wsgi
  Options +ExecCGI
</Directory>
<Directory /srv/www/late>
  RewriteEngine On
  RewriteCond %{LA-U:REMOTE_USER} !^$
  RewriteRule ^index /app/index
</Directory>
<Directory /srv>
  Require all granted
</Directory>`);

function ask(path: string): Route {
  return resolveRoute(
    site,
    requestTo(`http://a.test${path}`),
    probeOf('/srv/a.wsgi', '/srv/www/late/index.wsgi', '/srv/www/late/other.wsgi'),
  );
}

describe('rewriting that cannot be computed', () => {
  it.each([
    ['a condition on the clock', '/timed'],
    ['a condition that asks Apache itself', '/asked'],
    ['a value of the clock in the new path', '/year'],
    ['a flag that is not known', '/flag'],
    ['a look ahead in the rules of a place', '/late/index.wsgi'],
    ['the same on the way to an index', '/late/'],
  ])('leaves a request without an answer that comes to %s', (_what, path) => {
    expect(ask(path)).toMatchObject({ kind: 'none', reason: 'unresolved' });
  });

  it.each([
    ['whose path the rule does not take', '/app/x', '/app'],
    ['whose place has no such rule', '/late/other.wsgi', '/late/other.wsgi'],
  ])('leaves alone a request %s', (_what, path, scriptName) => {
    expect(ask(path)).toMatchObject({ kind: 'wsgi', scriptName });
  });

  it('leaves alone a request that an earlier rule ends', () => {
    expect(ask('/stop/asked')).toMatchObject({ kind: 'none', status: 403 });
  });
});

describe('UserDir', () => {
  const home = siteOf(`Listen 80
ServerName a.test
UserDir public_html
WSGIScriptAlias /~app /srv/a.wsgi`);

  it.each([
    ['/~anna/x', { kind: 'none', reason: 'unresolved' }],
    ['/~app/x', { kind: 'wsgi', scriptName: '/~app' }],
    ['/anna', { kind: 'none', reason: 'not_found' }],
  ])('takes paths of users that no alias takes: %s', (path, answer) => {
    expect(resolveRoute(home, requestTo(`http://a.test${path}`), probeOf('/srv/a.wsgi'))).toMatchObject(
      answer,
    );
  });
});
