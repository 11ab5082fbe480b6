/**
 * Debian's packages: what is missing, whether it may be installed, and the installation itself.
 * A service of a package never starts: see `quiet-services.ts`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { runCommand } from './command.ts';
import { withQuietServices } from './quiet-services.ts';
import type { Lack } from './suites.ts';

/** Whether dpkg has the package installed and configured. */
export function isInstalled(name: string): boolean {
  const { status, stdout } = spawnSync('dpkg-query', ['-W', '-f', '$' + '{db:Status-Abbrev}', name], {
    encoding: 'utf8',
  });
  return status === 0 && stdout.startsWith('ii');
}

/** Why packages may or may not be installed here; asked only when some are missing. */
export type Permission = { readonly allowed: boolean; readonly why: string };

/** `CI` and containers are made to be changed; a person's machine is theirs. */
export function mayInstall(wantsInstall: boolean, environment: NodeJS.ProcessEnv): Permission {
  const why = reasonToInstall(wantsInstall, environment);
  if (why === undefined) {
    return { allowed: false, why: 'run "npm test -- --install" to install what is missing' };
  }
  if (!existsSync('/usr/bin/apt-get')) return { allowed: false, why: 'this machine has no apt-get' };
  if (process.getuid?.() !== 0 && !canSudo()) {
    return { allowed: false, why: 'installing packages needs root, and "sudo -n" is refused' };
  }
  return { allowed: true, why };
}

function reasonToInstall(wantsInstall: boolean, environment: NodeJS.ProcessEnv): string | undefined {
  if (isSet(environment.CI)) return 'CI is set';
  if (wantsInstall) return '--install was given';
  if (process.getuid?.() === 0 && isContainer()) return 'root in a container';
  return undefined;
}

/** Whether an environment variable such as `CI` says yes. */
export function isSet(value: string | undefined): boolean {
  return value !== undefined && !['', '0', 'false'].includes(value);
}

/** Installs what the suites lack; throws when apt-get fails even with fresh lists. */
export async function installMissing(lacks: readonly Lack[]): Promise<void> {
  const packages = [...new Set(lacks.flatMap(({ suite }) => suite.packages))];
  const brings = lacks.some(({ missing }) => missing.some((name) => name.startsWith('/')));
  const install = ['install', '-y', '--no-install-recommends', ...(brings ? ['--reinstall'] : [])];
  const withDocs = ['-o', 'DPkg::Options::=--path-include=/usr/share/doc/*/examples/*'];
  await withQuietServices(async () => {
    if (!hasPackageLists()) await aptGet(['update']);
    try {
      await aptGet([...install, ...withDocs, ...packages]);
    } catch {
      await aptGet(['update']);
      await aptGet([...install, ...withDocs, ...packages]);
    }
  });
}

function aptGet(args: readonly string[]): Promise<void> {
  // A fresh machine may be updating itself, and its mirror be slow to answer.
  const patience = ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=5'];
  return runCommand('env', ['DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', ...patience, ...args]);
}

function hasPackageLists(): boolean {
  const lists = '/var/lib/apt/lists';
  return existsSync(lists) && readdirSync(lists).some((name) => /_Packages(\.|$)/.test(name));
}

function canSudo(): boolean {
  return spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
}

function isContainer(): boolean {
  if (existsSync('/.dockerenv') || existsSync('/run/.containerenv')) return true;
  try {
    return readFileSync('/proc/1/environ', 'latin1')
      .split('\0')
      .some((entry) => entry.startsWith('container='));
  } catch {
    return false;
  }
}
