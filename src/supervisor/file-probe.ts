/** How routing looks at the file system: every answer is remembered for a second, so that requests cost no system call each. */
import { lstatSync, readdirSync, type Stats, statSync } from 'node:fs';
import type { FileDetails, FileProbe } from '../routing/route.ts';

/** How long an answer is good, in milliseconds. */
const freshMs = 1000;

/** Answers that are kept; beyond, all are forgotten. Clients choose paths, so there is no natural end. */
const maxEntries = 10_000;

/** A probe of the real file system. */
export function createFileProbe(): FileProbe {
  return { kind: remembered(readKind), details: remembered(readDetails), list: remembered(readNames) };
}

/** As `read`, asked at most once a second for each path. */
function remembered<T>(read: (path: string) => T): (path: string) => T {
  const entries = new Map<string, { readonly answer: T; readonly until: number }>();
  return (path) => {
    const now = performance.now();
    const known = entries.get(path);
    if (known !== undefined && known.until > now) return known.answer;
    const answer = read(path);
    if (entries.size >= maxEntries) entries.clear();
    entries.set(path, { answer, until: now + freshMs });
    return answer;
  };
}

/** Undefined where the path leads nowhere and is no link. */
function readDetails(path: string): FileDetails | undefined {
  const link = statOf(path, lstatSync);
  if (link === undefined) return undefined;
  const target = link.isSymbolicLink() ? statOf(path, statSync) : link;
  return {
    isEmpty: target?.size === 0,
    isExecutable: ((target?.mode ?? 0) & 0o111) !== 0,
    isLink: link.isSymbolicLink(),
    isOwnersLink: target?.uid === link.uid,
  };
}

function readNames(folder: string): readonly string[] {
  try {
    return readdirSync(Buffer.from(folder, 'latin1'), 'latin1');
  } catch {
    return [];
  }
}

function statOf(path: string, stat: typeof statSync): Stats | undefined {
  if (path.includes('\0')) return undefined;
  try {
    return stat(Buffer.from(path, 'latin1'), { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function readKind(path: string): ReturnType<FileProbe['kind']> {
  if (path.includes('\0')) return 'missing';
  try {
    const stats = statSync(Buffer.from(path, 'latin1'), { throwIfNoEntry: false });
    if (stats === undefined) return 'missing';
    if (stats.isFile()) return 'file';
    return stats.isDirectory() ? 'directory' : 'other';
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EACCES' ? 'denied' : 'missing';
  }
}
