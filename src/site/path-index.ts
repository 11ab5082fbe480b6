/**
 * Finds, among many paths, those that a given path lies under, without looking at all of them: one look-up for each
 * number of segments that occurs. It only narrows down; who asks still compares, so it may name too many but never too few.
 */

/** Entries by their path without doubled and final slashes; those without a plain path are always named. */
export type PathIndex = {
  readonly byPath: ReadonlyMap<string, number | readonly number[]>;
  /** The numbers of segments that occur, in order. */
  readonly depths: readonly number[];
  readonly always: readonly number[];
};

/** Up to so many entries, looking at each is quicker than looking them up. */
const fewEntries = 8;

const nothing: ReadonlyMap<string, number> = new Map();

const none: readonly number[] = [];

/** Lists of one small number, shared: most indexes hold paths of one depth. */
const singles: readonly (readonly number[])[] = Array.from({ length: fewEntries }, (_, depth) => [depth]);

/** The lists of the first entries, shared by all small indexes. */
const firstEntries: readonly (readonly number[])[] = Array.from({ length: fewEntries + 1 }, (_, length) =>
  Array.from({ length }, (_entry, index) => index),
);

/** An index of paths in their order; undefined stands for an entry that has to be asked each time. */
export function buildPathIndex(paths: readonly (string | undefined)[]): PathIndex {
  const all = firstEntries[paths.length];
  if (all !== undefined) return { byPath: nothing, depths: none, always: all };
  const byPath = new Map<string, number | number[]>();
  const depths = new Set<number>();
  const always: number[] = [];
  paths.forEach((path, index) => {
    if (path?.startsWith('/') !== true) {
      always.push(index);
      return;
    }
    const key = plainPath(path);
    const before = byPath.get(key);
    if (before === undefined) byPath.set(key, index);
    else byPath.set(key, typeof before === 'number' ? [before, index] : [...before, index]);
    depths.add(key.split('/').length - 1);
  });
  const [single = fewEntries] = depths;
  const sorted = (depths.size === 1 ? singles[single] : undefined) ?? [...depths].sort((a, b) => a - b);
  return { byPath, depths: sorted, always: always.length === 0 ? none : always };
}

/** Without doubled and final slashes; the root is empty. */
function plainPath(path: string): string {
  const single = path.includes('//') ? path.replace(/\/{2,}/g, '/') : path;
  return single.endsWith('/') ? single.slice(0, -1) : single;
}

/** The entries, in order, whose path is `path` or above it on a segment's boundary, and those always named. */
export function entriesAbove({ byPath, depths, always }: PathIndex, path: string): readonly number[] {
  if (depths.length === 0) return always;
  const whole = plainPath(path);
  let found = always;
  let end = 0;
  let depth = 0;
  for (const wanted of depths) {
    while (depth < wanted && end < whole.length) {
      const slash = whole.indexOf('/', end + 1);
      end = slash === -1 ? whole.length : slash;
      depth += 1;
    }
    if (depth < wanted) break;
    const entry = byPath.get(whole.slice(0, end));
    if (entry !== undefined) found = join(found, typeof entry === 'number' ? [entry] : entry);
  }
  return found;
}

function join(before: readonly number[], more: readonly number[]): readonly number[] {
  return before.length === 0 ? more : [...before, ...more].sort((a, b) => a - b);
}
