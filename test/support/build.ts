/** The program as `npm ci` leaves it: built anew when a source is newer, once for all test processes. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
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
  // While another process builds, the program looks new before all of it is written.
  while (isBeingBuilt() || isStale()) {
    mkdirSync(join(ROOT, 'dist'), { recursive: true });
    if (takeLock()) {
      try {
        if (isStale()) await build();
      } finally {
        rmSync(LOCK);
      }
    } else {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  return MAIN;
}

async function build(): Promise<void> {
  await mustRun('npm', ['run', '--silent', 'build'], { cwd: ROOT });
  utimesSync(MAIN, new Date(), new Date());
}

/** The lock is a link that names the process which builds. What a process that was killed has left is taken away, half a program too. */
function isBeingBuilt(): boolean {
  const builder = lstatSync(LOCK, { throwIfNoEntry: false });
  if (builder === undefined) return false;
  if (builder.isSymbolicLink() && existsSync(LOCK)) return true;
  rmSync(MAIN, { force: true });
  rmSync(LOCK, { recursive: true, force: true });
  return false;
}

function takeLock(): boolean {
  try {
    symlinkSync(`/proc/${process.pid}`, LOCK);
    return true;
  } catch {
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
