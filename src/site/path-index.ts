/**
 * Finds, among many paths, those that a given path lies under, without looking at all of them: one look-up for each of
 * its segments, by a hash that grows along the path. It only narrows down; who asks still compares, so it may name too many
 * but never too few.
 */

/**
 * Entries in their order, and an open hash table of those with a plain path: lists side by side with the same slots.
 * A request for a mount that was not asked for long waits for memory, and these are fetched at once instead of one by one.
 */
export type PathIndex<T> = {
  /** The hash of the entry's path without doubled and final slashes; 0 is a free slot. Empty where there are few entries. */
  readonly hashes: Int32Array;
  readonly slots: readonly (T | undefined)[];
  /** The entry's place among all. */
  readonly places: Int32Array;
  /** Segments of the longest path. */
  readonly deepest: number;
  /** The places of those that have to be asked each time. */
  readonly always: readonly number[];
  readonly entries: readonly T[];
};

/** Up to so many entries, looking at each is quicker than looking them up. */
const fewEntries = 8;

const noNumbers = new Int32Array(0);

const none: readonly never[] = [];

const slash = 47;

/** The hash of no segment: the root. */
const rootHash = 0x1505;

/** The hash of a path with one more byte. */
function mix(hash: number, code: number): number {
  return (Math.imul(hash, 0x01000193) ^ code) | 0;
}

/** An index of entries by their paths; those of which `pathOf` is undefined have to be asked each time. */
export function buildPathIndex<T>(
  entries: readonly T[],
  pathOf: (entry: T) => string | undefined,
): PathIndex<T> {
  if (entries.length <= fewEntries) {
    return { hashes: noNumbers, slots: none, places: noNumbers, deepest: 0, always: none, entries };
  }
  const size = 2 ** Math.ceil(Math.log2(entries.length * 2));
  const hashes = new Int32Array(size);
  const places = new Int32Array(size);
  const slots: (T | undefined)[] = new Array<T | undefined>(size).fill(undefined);
  const always: number[] = [];
  let deepest = 0;
  entries.forEach((entry, place) => {
    const path = pathOf(entry);
    if (path?.startsWith('/') !== true) {
      always.push(place);
      return;
    }
    const segments = path.split('/').filter((segment) => segment !== '');
    deepest = Math.max(deepest, segments.length);
    const hash = hashOf(segments) || 1;
    const slot = findSlot(hashes, 0, startOf(hash));
    hashes[slot] = hash;
    places[slot] = place;
    slots[slot] = entry;
  });
  return { hashes, slots, places, deepest, always: always.length === 0 ? none : always, entries };
}

function hashOf(segments: readonly string[]): number {
  let hash = rootHash;
  for (const segment of segments) {
    hash = mix(hash, slash);
    for (let at = 0; at < segment.length; at += 1) hash = mix(hash, segment.charCodeAt(at));
  }
  return hash;
}

/** The entries, in order, whose path is `path` or above it on a segment's boundary, and those that are asked each time. */
export function entriesAbove<T>(index: PathIndex<T>, path: string): readonly T[] {
  const { hashes, slots, deepest, always, entries } = index;
  if (hashes.length === 0) return entries;
  let first = -1;
  let others: readonly number[] = none;
  let hash = rootHash;
  let depth = 0;
  let before = 0;
  for (let at = 0; at <= path.length && depth <= deepest; at += 1) {
    const code = at === path.length ? slash : path.charCodeAt(at);
    if (code === slash) {
      if (before === slash) continue;
      const wanted = hash || 1;
      let slot = findSlot(hashes, wanted, startOf(wanted));
      for (; slot !== -1; slot = findSlot(hashes, wanted, slot + 1)) {
        if (first === -1) first = slot;
        else others = [...others, slot];
      }
      depth += 1;
    }
    hash = mix(hash, code);
    before = code;
  }
  if (always.length > 0 || others.length > 0) return inOrder(index, first === -1 ? none : [first, ...others]);
  return first === -1 ? none : [slots[first] as T];
}

/** Where a hash is looked for first. */
function startOf(hash: number): number {
  return hash ^ (hash >>> 15);
}

/** The next slot with this hash from `start` on, or -1. */
function findSlot(hashes: Int32Array, wanted: number, start: number): number {
  const mask = hashes.length - 1;
  for (let slot = start & mask; ; slot = (slot + 1) & mask) {
    const found = hashes[slot];
    if (found === wanted) return slot;
    if (found === 0) return -1;
  }
}

/** The entries of these slots and those that are asked each time, each in its place. */
function inOrder<T>({ places, always, entries }: PathIndex<T>, slots: readonly number[]): readonly T[] {
  return [...always, ...slots.map((slot) => places[slot] as number)]
    .sort((a, b) => a - b)
    .map((place) => entries[place] as T);
}
