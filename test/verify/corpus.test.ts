/** Requests made from a configuration. */
import { describe, expect, it } from 'vitest';
import { loadConfiguration } from '../../src/apache/load.ts';
import { nodeFileReader } from '../../src/apache/node-file-reader.ts';
import { buildSite } from '../../src/site/build.ts';
import { makeCorpus } from '../../src/verify/corpus.ts';
import { doorsOf } from '../../src/verify/doors.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

const text = `Listen 8080
<VirtualHost *:8080>
  ServerName a.test
  ServerAlias *.a.test
  WSGIScriptAlias /Shop /srv/shop.wsgi
  WSGIScriptAlias /dir /srv/dir/
  WSGIScriptAliasMatch ^/(?:x|y)/\\d+ /srv/m.wsgi
  <Location /admin/>
    WSGIApplicationGroup admin
  </Location>
</VirtualHost>
`;

describe('makeCorpus()', () => {
  const folder = makeTemporaryFolder();
  const file = folder.write('apache.conf', text);
  const { tree } = loadConfiguration({ file, reader: nodeFileReader, environment: {}, defines: [] });
  folder.remove();
  const { site } = buildSite(tree);
  const list = (path: string): readonly string[] => (path === '/srv/dir' ? ['one.wsgi'] : []);
  const requests = makeCorpus(site, doorsOf(site), list);
  const targets = new Set(requests.map(({ target }) => target));
  const hosts = new Set(requests.map(({ host }) => host));

  it.each([
    '/Shop',
    '/Shop/',
    '/Shop/deeper/path',
    '/Shopx',
    '/shop',
    '/SHOP',
    '/Sho%70',
    '/Shop//double',
    '/dir/one.wsgi',
    '/x/1',
    '/admin',
    '/admin/deeper/path',
    '/none/of/them',
  ])('asks for %s', (target) => {
    expect(targets).toContain(target);
  });

  it.each(['a.test', 'A.TEST', 'any.a.test', 'a.test:8080', 'a.test:443', 'a.test:54321', 'unknown.invalid'])(
    'names the host %s',
    (host) => {
      expect(hosts).toContain(host);
    },
  );

  it('asks in HTTP/1.0 without a host, and nothing twice', () => {
    expect(requests.some(({ minorVersion, host }) => minorVersion === 0 && host === undefined)).toBe(true);
    expect(new Set(requests.map((request) => JSON.stringify(request))).size).toBe(requests.length);
  });
});
