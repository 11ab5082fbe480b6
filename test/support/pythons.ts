/** The interpreters of this machine that the Python side is made for, one per version. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export type Python = { readonly version: string; readonly path: string; readonly isTwo: boolean };

/** What the worker supports: CPython 2.7 and 3.6 to 3.13. */
const SUPPORTED_PYTHONS: readonly string[] = [
  '2.7',
  '3.6',
  '3.7',
  '3.8',
  '3.9',
  '3.10',
  '3.11',
  '3.12',
  '3.13',
];

type FoundPythons = { readonly pythons: readonly Python[]; readonly missing: readonly string[] };

/** Looks in PATH, /usr/bin and the folders of pyenv. A suite prints `missing`: a version not tried is not a version passed. */
export function findPythons(): FoundPythons {
  const pythons: Python[] = [];
  const missing: string[] = [];
  for (const version of SUPPORTED_PYTHONS) {
    const path = candidates(version).find((candidate) => speaks(candidate, version));
    if (path === undefined) missing.push(version);
    else pythons.push({ version, path, isTwo: version.startsWith('2') });
  }
  return { pythons, missing };
}

function candidates(version: string): readonly string[] {
  const folders = ['/usr/bin', ...pyenvFolders(version), ...(process.env.PATH ?? '').split(':')];
  return folders.map((folder) => join(folder, `python${version}`)).filter((path) => existsSync(path));
}

function pyenvFolders(version: string): readonly string[] {
  const root = join(process.env.PYENV_ROOT ?? join(homedir(), '.pyenv'), 'versions');
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .filter((name) => name.startsWith(`${version}.`))
    .map((name) => join(root, name, 'bin'));
}

/** Shims of pyenv exist for versions that are not active, and fail only when run. */
function speaks(path: string, version: string): boolean {
  const program = 'import sys; sys.stdout.write("%d.%d" % sys.version_info[:2])';
  try {
    return (
      execFileSync(path, ['-c', program], { stdio: ['ignore', 'pipe', 'ignore'] }).toString() === version
    );
  } catch {
    return false;
  }
}
