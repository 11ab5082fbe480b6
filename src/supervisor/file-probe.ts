/** How routing looks at the file system: `stat`, remembered for a second so that requests cost no system call each. */
import { statSync } from 'node:fs';
import type { FileProbe } from '../routing/route.ts';

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
  };
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
