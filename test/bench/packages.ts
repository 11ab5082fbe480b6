/** The Debian packages that the peers come in. */
import { installMissing, isInstalled, mayInstall } from '../run/packages.ts';
import type { Lack } from '../run/suites.ts';
import type { SuiteName } from './options.ts';

const packagesOf: Readonly<Record<SuiteName, readonly string[]>> = {
  whole: [
    'apache2',
    'libapache2-mod-wsgi-py3',
    'libapache2-mod-passenger',
    'gunicorn',
    'nginx-light',
    'uwsgi',
    'uwsgi-plugin-python3',
    'wrk',
  ],
  proxy: ['apache2', 'caddy', 'haproxy', 'nginx-light', 'wrk'],
  bodies: ['curl', 'gunicorn', 'nginx-light', 'uwsgi', 'uwsgi-plugin-python3'],
  start: ['python3'],
  fair: ['python3', 'wrk'],
  cost: ['python3', 'wrk'],
  memory: ['python3', 'wrk'],
  many: ['python3'],
};

/** Installs what the suites lack where that is allowed; throws when it is not, naming the packages. */
export async function providePackages(suites: readonly SuiteName[], wantsInstall: boolean): Promise<void> {
  const lacks = suites.flatMap(lackOf);
  if (lacks.length === 0) return;
  const names = [...new Set(lacks.flatMap(({ missing }) => missing))].join(', ');
  const permission = mayInstall(wantsInstall, process.env);
  if (!permission.allowed) {
    throw new Error(`Missing packages: ${names}: run "npm run bench -- --install", or install them yourself`);
  }
  process.stderr.write(`Installing ${names} (${permission.why})\n`);
  await installMissing(lacks);
}

function lackOf(name: SuiteName): readonly Lack[] {
  const packages = packagesOf[name];
  const missing = packages.filter((one) => !isInstalled(one));
  return missing.length === 0 ? [] : [{ suite: { name, packages }, missing }];
}
