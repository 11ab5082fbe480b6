/** The program as `npm ci` leaves it: built anew when a source is newer, once for all test processes. */
import { mkdirSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/package-root.ts';
import { mustRun } from './real-process.ts';

const ROOT = packageRoot();
const MAIN = join(ROOT, 'dist/src/main.js');
const LOCK = join(ROOT, 'dist/.building');

let built: Promise<string> | undefined;

/** The path of the built command line. */
export function builtProgram(): Promise<string> {
  built ??= buildIfStale();
  return built;
}

async function buildIfStale(): Promise<string> {
  while (isStale()) {
    mkdirSync(join(ROOT, 'dist'), { recursive: true });
    if (takeLock()) {
      try {
        await mustRun('npm', ['run', '--silent', 'build'], { cwd: ROOT });
        utimesSync(MAIN, new Date(), new Date());
      } finally {
        rmSync(LOCK, { recursive: true });
      }
    } else {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  return MAIN;
}

function takeLock(): boolean {
  try {
    mkdirSync(LOCK);
    return true;
  } catch {
    // A lock that is older than any build was left by a run that was killed.
    const made = statSync(LOCK, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - made > 120_000) rmSync(LOCK, { recursive: true, force: true });
    return false;
  }
}

function isStale(): boolean {
  const since = statSync(MAIN, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return ['src', 'routes'].some((folder) => newest(join(ROOT, folder)) > since);
}

function newest(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name));
  return Math.max(0, ...files.map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs));
}
