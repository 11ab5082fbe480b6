/**
 * Finds, among many paths, those that a given path lies under, without looking at all of them: one look-up for each of
 * its segments, by a hash that grows along the path. It only narrows down; who asks still compares, so it may name too many
 * but never too few.
 */

/** Entries by the hash of their path without doubled and final slashes; those without a plain path are always named. */
export type PathIndex = {
  /**
   * An open hash table: hash, then number of the entry plus one; 0 is free. Numbers side by side, because a request for a mount
   * that was not asked for long waits for memory at each step, and a `Map` of strings takes several.
   */
  readonly slots: Int32Array;
  /** Segments of the longest path. */
  readonly deepest: number;
  readonly always: readonly number[];
};

/** Up to so many entries, looking at each is quicker than looking them up. */
const fewEntries = 8;

const noSlots = new Int32Array(0);

const none: readonly number[] = [];

/** The lists of the first entries, shared by all small indexes. */
const firstEntries: readonly (readonly number[])[] = Array.from({ length: fewEntries + 1 }, (_, length) =>
  Array.from({ length }, (_entry, index) => index),
);

const slash = 47;

/** The hash of no segment: the root. */
const rootHash = 0x1505;

/** The hash of a path with one more byte. */
function mix(hash: number, code: number): number {
  return (Math.imul(hash, 0x01000193) ^ code) | 0;
}

/** An index of paths in their order; undefined stands for an entry that has to be asked each time. */
export function buildPathIndex(paths: readonly (string | undefined)[]): PathIndex {
  const all = firstEntries[paths.length];
  if (all !== undefined) return { slots: noSlots, deepest: 0, always: all };
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(paths.length * 2)) * 2);
  const always: number[] = [];
  let deepest = 0;
  paths.forEach((path, index) => {
    if (path?.startsWith('/') !== true) {
      always.push(index);
      return;
    }
    const segments = path.split('/').filter((segment) => segment !== '');
    deepest = Math.max(deepest, segments.length);
    const hash = hashOf(segments);
    let at = firstSlot(slots, hash);
    while (slots[at + 1] !== 0) at = (at + 2) & (slots.length - 1);
    slots[at] = hash;
    slots[at + 1] = index + 1;
  });
  return { slots, deepest, always: always.length === 0 ? none : always };
}

function hashOf(segments: readonly string[]): number {
  let hash = rootHash;
  for (const segment of segments) {
    hash = mix(hash, slash);
    for (let at = 0; at < segment.length; at += 1) hash = mix(hash, segment.charCodeAt(at));
  }
  return hash;
}

/** Where entries of a hash begin. */
function firstSlot(slots: Int32Array, hash: number): number {
  return ((hash ^ (hash >>> 15)) << 1) & (slots.length - 1);
}

/** The entries, in order, whose path is `path` or above it on a segment's boundary, and those always named. */
export function entriesAbove({ slots, deepest, always }: PathIndex, path: string): readonly number[] {
  if (slots.length === 0) return always;
  let found = always;
  let hash = rootHash;
  let depth = 0;
  let before = 0;
  for (let at = 0; at <= path.length && depth <= deepest; at += 1) {
    const code = at === path.length ? slash : path.charCodeAt(at);
    if (code === slash) {
      if (before === slash) continue;
      found = join(found, slots, hash);
      depth += 1;
    }
    hash = mix(hash, code);
    before = code;
  }
  return found;
}

/** The list with the entries of a hash in their places. */
function join(before: readonly number[], slots: Int32Array, hash: number): readonly number[] {
  const mask = slots.length - 1;
  let found = before;
  for (let at = firstSlot(slots, hash); slots[at + 1] !== 0; at = (at + 2) & mask) {
    if (slots[at] !== hash) continue;
    const entry = (slots[at + 1] as number) - 1;
    found = found.length === 0 ? [entry] : [...found, entry].sort((a, b) => a - b);
  }
  return found;
}
