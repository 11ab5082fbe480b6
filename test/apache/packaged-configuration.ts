/** Apache configurations that Debian packages bring, without installing the packages: downloaded once and unpacked below `node_modules/.cache`. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/package-root.ts';

/** A package, and its configuration files relative to `/`. */
export type PackagedConfiguration = { readonly name: string; readonly files: readonly string[] };

/** Small packages with virtual hosts or script aliases in files of their own. */
export const packagedConfigurations: readonly PackagedConfiguration[] = [
  {
    name: 'openstack-dashboard-apache',
    files: [
      'etc/apache2/sites-available/openstack-dashboard.conf',
      'etc/apache2/sites-available/openstack-dashboard-ssl.conf',
      'etc/apache2/sites-available/openstack-dashboard-ssl-redirect.conf',
      'etc/apache2/sites-available/openstack-dashboard-alias-only.conf',
    ],
  },
  { name: 'graphite-web', files: ['usr/share/graphite-web/apache2-graphite.conf'] },
  { name: 'radicale', files: ['etc/apache2/conf-available/radicale-uwsgi.conf'] },
  { name: 'lava-server', files: ['etc/apache2/sites-available/lava-server.conf'] },
  { name: 'mailman3-web', files: ['etc/mailman3/apache.conf'] },
  { name: 'munin', files: ['etc/munin/apache24.conf'] },
  { name: 'smokeping', files: ['etc/apache2/conf-available/smokeping.conf'] },
];

const cache = join(packageRoot(), 'node_modules', '.cache', 'wsgi-sidecar', 'packages');

/** The folder in which a package is unpacked; undefined when it cannot be had here, which under CI is an error. */
export function unpackedPackage(name: string): string | undefined {
  const place = join(cache, name);
  if (existsSync(place)) return place;
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'new-'));
  try {
    const why = download(name, folder);
    if (why === undefined) {
      if (!existsSync(place)) renameSync(join(folder, 'files'), place);
      return place;
    }
    if (process.env.CI !== undefined) throw new Error(`Cannot download ${name}, which CI needs: ${why}`);
    process.stderr.write(`The configuration of ${name} is skipped: ${why}\n`);
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Why it failed, or undefined. */
function download(name: string, folder: string): string | undefined {
  const run = (command: string, ...args: readonly string[]): string | undefined => {
    // apt gives up its rights for the download unless it cannot use the folder, and then says so.
    const { status, stderr, error } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
    return status === 0 ? undefined : (error?.message ?? stderr.trim());
  };
  const failed = run('apt-get', '-q', '-o', 'APT::Sandbox::User=root', 'download', name);
  if (failed !== undefined) return failed;
  const archive = readdirSync(folder).find((file) => file.endsWith('.deb'));
  return archive === undefined ? 'apt-get brought nothing' : run('dpkg-deb', '-x', archive, 'files');
}
