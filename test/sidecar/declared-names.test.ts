import { describe, expect, it } from 'vitest';
import { judgeNames, type NamingSettings } from '../../src/sidecar/declared-names.ts';
import { siteOf } from '../support/site-of.ts';

const TEXT = `Listen 8080
WSGIDaemonProcess shop
<VirtualHost *:8080>
  ServerName a.test
  WSGIScriptAlias /one /srv/one.wsgi
  WSGIScriptAlias /two /srv/two.wsgi process-group=shop application-group=%{GLOBAL}
</VirtualHost>
`;
const none: NamingSettings = { groups: {}, virtualHosts: {}, mounts: {} };
const judge = (settings: Partial<NamingSettings>, text = TEXT): readonly (string | undefined)[] =>
  judgeNames({ ...none, ...settings }, siteOf(text)).map(({ message, advice }) => `${message}: ${advice}`);

describe('judgeNames()', () => {
  it('says nothing of names that there are', () => {
    const isolation = 'per-script';
    const groups = { defaults: {}, shop: {}, '%{GLOBAL}': {}, 'a.test|/one': {}, 'a.test:8080|/one': {} };
    const virtualHosts = { 'a.test': { isolation }, 'a.test:8080': { isolation } } as const;
    expect(judge({ groups, virtualHosts, mounts: { 'a.test:/one': { isolation } } })).toEqual([]);
  });

  it('names what leads to nothing, and what was meant', () => {
    const isolation = 'per-mount';
    expect(
      judge({
        groups: { shpo: {} },
        virtualHosts: { 'b.test': { isolation } },
        mounts: { 'a.test:/far/away': { isolation } },
      }),
    ).toEqual([
      'Setting "virtualHosts" names "b.test", and no virtual host is called so: what it says has no effect: Did you mean "a.test"?',
      'Setting "mounts" names "a.test:/far/away", and no mount is called so: what it says has no effect: Name one as "wsgi-sidecar groups --json" prints it',
      'Setting "groups" names "shpo", and no group is called so: what it says has no effect: Did you mean "shop"?',
    ]);
  });

  it('does not judge groups where requests name some', () => {
    for (const line of [
      'WSGIScriptAlias /all /srv/folder/',
      'WSGIScriptAlias /h /srv/h.wsgi application-group=%{HOST}',
    ])
      expect(judge({ groups: { other: {} } }, `${TEXT}${line}\n`)).toEqual([]);
  });
});
