/** Configurations of a given size, and the requests that arrive at them: what the look-ups of routing are measured on. */
import type { FileReader } from '../../../src/apache/file-reader.ts';
import { loadConfiguration } from '../../../src/apache/load.ts';
import type { FileProbe, RouteRequest } from '../../../src/routing/route.ts';
import { buildSite } from '../../../src/site/build.ts';
import type { Site } from '../../../src/site/model.ts';

/** So many virtual hosts with so many script aliases each. */
export type SiteSize = { readonly hosts: number; readonly mountsPerHost: number };

/** What is compared. */
export const siteSizes: Readonly<Record<string, SiteSize>> = {
  '10 mounts': { hosts: 1, mountsPerHost: 10 },
  '100,000 mounts in one virtual host': { hosts: 1, mountsPerHost: 100_000 },
  '1,000 virtual hosts of 100 mounts': { hosts: 1_000, mountsPerHost: 100 },
};

const file = '/etc/apache2/apache2.conf';

/** The main server's text: Debian's sections, and one daemon process for all. */
const server = `Listen 80
WSGIDaemonProcess apps processes=2 threads=15 display-name=%{GROUP}
WSGIProcessGroup apps
<Directory />
  Options FollowSymLinks
  AllowOverride None
  Require all denied
</Directory>
<Directory /srv/>
  Options FollowSymLinks
  AllowOverride None
  Require all granted
</Directory>
<FilesMatch "^\\.ht">
  Require all denied
</FilesMatch>
`;

/** The text of a configuration. */
export function configurationText({ hosts, mountsPerHost }: SiteSize): string {
  return server + Array.from({ length: hosts }, (_, host) => hostText(host, mountsPerHost)).join('');
}

function hostText(host: number, mounts: number): string {
  const aliases = Array.from(
    { length: mounts },
    (_, mount) => `  WSGIScriptAlias ${mountPoint(mount)} ${scriptOf(host, mount)}\n`,
  );
  return `<VirtualHost *:80>
  ServerName ${hostName(host)}
  ServerAlias example-${host}.test
  DocumentRoot /srv/host${host}/www
${aliases.join('')}</VirtualHost>
`;
}

function hostName(host: number): string {
  return `www.example-${host}.test`;
}

function mountPoint(mount: number): string {
  return `/app${mount}`;
}

function scriptOf(host: number, mount: number): string {
  return `/srv/host${host}/app${mount}/app.wsgi`;
}

/** Reads a configuration from memory. */
export function readText(text: string): Site {
  const missing = { reason: 'No such file or directory', missing: true };
  const reader: FileReader = {
    read: (path) => (path === file ? { bytes: Buffer.from(text) } : missing),
    list: () => missing,
    kind: (path) => (path === file ? 'file' : undefined),
  };
  const loaded = loadConfiguration({ file, reader, environment: {}, defines: [] });
  return buildSite(loaded.tree, { hostName: 'machine.test' }).site;
}

/** A browser's request for a page of one mount. */
export function requestTo(host: number, mount: number): RouteRequest {
  return {
    localAddress: '192.0.2.1',
    localPort: 80,
    tls: false,
    method: 'GET',
    target: `${mountPoint(mount)}/orders/42?page=3`,
    minorVersion: 1,
    rawHeaders: [
      'Host',
      hostName(host),
      'User-Agent',
      'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
      'Accept',
      'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
      'Accept-Language',
      'en-US,en;q=0.5',
      'Accept-Encoding',
      'gzip, deflate, br',
      'Connection',
      'keep-alive',
      'Cookie',
      'session=6f1ed002ab5595859014ebf0951522d9',
    ],
    remoteAddress: '198.51.100.7',
  };
}

/** The scripts of these configurations are there, and nothing else. */
export const probe: FileProbe = { kind: (path) => (path.endsWith('.wsgi') ? 'file' : 'missing') };

/** Requests for `count` mounts spread over all of them, none twice where there are enough, in no order. */
export function spreadRequests({ hosts, mountsPerHost }: SiteSize, count: number): readonly RouteRequest[] {
  const mounts = hosts * mountsPerHost;
  // A step without a common factor with the number of mounts meets each of them once.
  const step = 61_803;
  return Array.from({ length: count }, (_, index) => {
    const at = (index * step) % mounts;
    return requestTo(Math.floor(at / mountsPerHost), at % mountsPerHost);
  });
}
