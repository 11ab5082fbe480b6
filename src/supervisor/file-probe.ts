/** How routing looks at the file system: `stat`, remembered for a second so that requests cost no system call each. */
import { lstatSync, readdirSync, type Stats, statSync } from 'node:fs';
import type { FileDetails, FileProbe } from '../routing/route.ts';

/** How long an answer is good, in milliseconds. */
const freshMs = 1000;

/** Answers that are kept; beyond, all are forgotten. Clients choose paths, so there is no natural end. */
const maxEntries = 10_000;

type Entry = { readonly kind: ReturnType<FileProbe['kind']>; readonly until: number };

/** A probe of the real file system. */
export function createFileProbe(): FileProbe {
  const entries = new Map<string, Entry>();
  return {
    kind: (path) => {
      const now = performance.now();
      const known = entries.get(path);
      if (known !== undefined && known.until > now) return known.kind;
      const kind = readKind(path);
      if (entries.size >= maxEntries) entries.clear();
      entries.set(path, { kind, until: now + freshMs });
      return kind;
    },
    details: readDetails,
    list: readNames,
  };
}

/** Asked by few configurations, so not remembered; undefined where the path leads nowhere and is no link. */
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

function readKind(path: string): Entry['kind'] {
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
