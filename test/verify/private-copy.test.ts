/** A private copy: what it keeps, where it leads, and that nothing of the original server is in it. */

import { describe, expect, it } from 'vitest';
import { readWord } from '../../src/apache/lexer.ts';
import { loadConfiguration } from '../../src/apache/load.ts';
import { nodeFileReader } from '../../src/apache/node-file-reader.ts';
import { buildSite } from '../../src/site/build.ts';
import { quoteWord, renderDirectives } from '../../src/verify/directive-text.ts';
import { doorsOf, mapAddresses, mapHostAddress, unmapPort } from '../../src/verify/doors.ts';
import { privateCopy } from '../../src/verify/private-copy.ts';
import { fc } from '../support/property.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

const ports = new Map([
  [80, 20080],
  [443, 20443],
  [8080, 28080],
]);

function load(text: string): ReturnType<typeof loadConfiguration> {
  const folder = makeTemporaryFolder();
  try {
    const file = folder.write('apache.conf', text);
    return loadConfiguration({ file, reader: nodeFileReader, environment: {}, defines: [] });
  } finally {
    folder.remove();
  }
}

function copyOf(text: string, isRoot = true): string {
  const loaded = load(text);
  const { site } = buildSite(loaded.tree, { hostName: 'host.test', serverRoot: '/etc/apache2' });
  const doors = doorsOf(site);
  const map = { addresses: mapAddresses(doors), ports };
  const exists = (path: string): boolean => path === '/srv';
  const place = { folder: '/tmp/copy', mirror: '/tmp/copy/root', doors, map, isRoot, exists };
  return privateCopy({ ...loaded, serverRoot: '/etc/apache2', site }, place);
}

describe('privateCopy()', () => {
  it.each([
    ['User www-data', 'User www-data'],
    ['DocumentRoot /srv/www', 'DocumentRoot "/tmp/copy/root/srv/www"'],
    ['DocumentRoot www', 'DocumentRoot "/tmp/copy/root/etc/apache2/www"'],
    [
      'WSGIScriptAlias /a "/srv/a b.wsgi" application-group=%{GLOBAL}',
      'WSGIScriptAlias "/a" "/tmp/copy/root/srv/a b.wsgi" application-group=%{GLOBAL}',
    ],
    ['WSGIDaemonProcess "d x" user=root threads=9', 'WSGIDaemonProcess "d x" processes=1 threads=2 home=/'],
    [
      'RewriteRule ^/x /srv/x.wsgi [H=wsgi-script]',
      'RewriteRule ^/x /tmp/copy/root/srv/x.wsgi [H=wsgi-script]',
    ],
    ['RewriteRule ^/x /app/x [PT]', 'RewriteRule ^/x /app/x [PT]'],
    ['RewriteRule "^/a b\\.c" - [E=A:b]', 'RewriteRule "^/a b\\.c" - [E=A:b]'],
    ['VirtualDocumentRoot /srv/%0', 'VirtualDocumentRoot "/tmp/copy/root/srv/%0"'],
    [
      '<Directory /srv>\nOptions None\n</Directory>',
      '<Directory "/tmp/copy/root/srv">\n  Options None\n</Directory>',
    ],
    ['<DirectoryMatch ^/srv/[ab]>\n</DirectoryMatch>', '<DirectoryMatch "^/tmp/copy/root/srv/[ab]">'],
    [
      '<Location /a>\nWSGIApplicationGroup a\n</Location>',
      '<Location /a>\n  WSGIApplicationGroup a\n</Location>',
    ],
  ])('turns %j into %j', (text, expected) => {
    expect(copyOf(`${text}\n`)).toContain(`${expected}\n`);
  });

  it.each([
    'PidFile /run/apache2.pid',
    'ErrorLog /var/log/apache2/error.log',
    'CustomLog "|/usr/bin/logger" combined',
    'Mutex file:/run/lock default',
    'WSGISocketPrefix /run/wsgi',
    'WSGIImportScript /srv/a.wsgi process-group=a application-group=b',
    'WSGIDispatchScript /srv/d.py',
    'WSGIPythonHome /srv/venv',
    'SSLSessionCache shmcb:/run/cache',
    'RewriteMap m prg:/srv/map',
    'ProxyPass /x http://127.0.0.1:1/',
    'Require all denied\nAuthUserFile /srv/secret',
    'CoreDumpDirectory /srv/core',
  ])('leaves out %j', (text) => {
    const own = copyOf('');
    expect(copyOf(`${text}\n`)).toBe(own);
  });

  it('leaves out the user where it has no say', () => {
    expect(copyOf('User www-data\nGroup www-data\n', false)).not.toMatch(/^(User|Group)/m);
  });

  it('listens on loopback only, on one address for each of the original, with the ports mapped', () => {
    const hosts = '<VirtualHost 192.0.2.1:80 *:8080>\nServerName a\n</VirtualHost>\n';
    const text = copyOf(`Listen 80\nListen 8080\n${hosts}<VirtualHost 192.0.2.9:9>\n</VirtualHost>\n`);
    const listens = [...text.matchAll(/^Listen (.*)$/gm)].map(([, address]) => address);
    expect(listens.every((address) => address?.startsWith('127.0.'))).toBe(true);
    expect(listens).toContain('127.0.0.1:20080');
    expect(text).toContain('<VirtualHost 127.0.1.0:20080 *:28080>');
    expect(text).toContain('<VirtualHost 127.255.255.254:1>');
  });

  it('says by the ServerName what SSLEngine said', () => {
    const text = copyOf('Listen 443\n<VirtualHost *:443>\nSSLEngine on\nServerName a.test\n</VirtualHost>\n');
    expect(text).toContain('ServerName "https://a.test"');
    expect(text).not.toContain('SSLEngine');
  });
});

describe('renderDirectives()', () => {
  it('writes what reads as the same tree', () => {
    const text =
      'ServerName "a b"\n<VirtualHost *:80>\n  SetEnv A "b \\" c"\n  <Location />\n    Options None\n  </Location>\n</VirtualHost>\n';
    const shape = (source: string): unknown =>
      JSON.parse(
        JSON.stringify(load(source).tree, (key, value: unknown) => (key === 'position' ? undefined : value)),
      );
    expect(shape(renderDirectives(load(text).tree))).toEqual(shape(text));
  });
});

describe('quoteWord()', () => {
  it('is read back as it was', () => {
    fc.assert(
      fc.property(fc.string(), (word) => {
        fc.pre(!/[\0\n\r]/.test(word));
        expect(readWord(quoteWord(word)).word).toBe(word);
      }),
    );
  });
});

describe('unmapPort()', () => {
  const map = { addresses: new Map(), ports };
  it.each([
    ['a.test:20080|/x', 'a.test|/x'],
    ['a.test:20443', 'a.test'],
    ['a.test:28080|/x', 'a.test:8080|/x'],
    ['a.test:280801|/x', 'a.test:280801|/x'],
    ['literal', 'literal'],
  ])('makes %j of %j', (name, real) => {
    expect(unmapPort(map, name)).toBe(real);
  });
  it('keeps any address and any port', () => {
    expect([mapHostAddress(map, '*', 0), mapHostAddress(map, '*', 80)]).toEqual(['*:*', '*:20080']);
  });
});
