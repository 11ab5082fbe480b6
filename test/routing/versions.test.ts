import { describe, expect, it } from 'vitest';
import { siteOf, wsgiRouteOf } from '../support/site-of.ts';

const text = `
Listen 80
<VirtualHost *:80>
  ServerName v.test
  WSGIScriptAlias /Site /srv/a.wsgi
  WSGIScriptAlias /site /srv/b.wsgi
</VirtualHost>`;

const nameOf = (version: '4.9' | '5' | '6', url: string, before = ''): string =>
  wsgiRouteOf(siteOf(before + text, { modWsgiVersion: version }), url).identity.applicationGroup;

describe('modWsgiVersion', () => {
  it.each(['4.9', '5'] as const)('folds the case of %%{RESOURCE} in mod_wsgi %s', (version) => {
    expect(nameOf(version, 'http://v.test/Site')).toBe('v.test|/site');
    expect(nameOf(version, 'http://v.test/site')).toBe('v.test|/site');
  });

  it('keeps the case in mod_wsgi 6', () => {
    expect(nameOf('6', 'http://v.test/Site')).toBe('v.test|/Site');
  });

  it('folds in mod_wsgi 6 where WSGICaseSensitivity is off', () => {
    expect(nameOf('6', 'http://v.test/Site', 'WSGICaseSensitivity Off\n')).toBe('v.test|/site');
  });

  it('turns HEAD into GET by itself only in mod_wsgi 6', () => {
    const mapped = (['4.9', '5', '6'] as const).map(
      (modWsgiVersion) =>
        wsgiRouteOf(siteOf(text, { modWsgiVersion }), 'http://v.test/site').options.mapHeadToGet,
    );
    expect(mapped).toEqual([false, false, true]);
  });
});
