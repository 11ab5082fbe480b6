/**
 * Finds, among many paths, those that a given path lies under, without looking at all of them: a trie of segments.
 * It only narrows down; who asks still compares, so it may name too many but never too few.
 */

type Node = { readonly children: Map<string, Node>; readonly here: number[] };

/** Up to so many entries, looking at each is quicker than looking them up. */
const fewEntries = 8;

const emptyNode: Node = { children: new Map(), here: [] };

/** The lists of the first entries, shared by all small indexes. */
const firstEntries: readonly (readonly number[])[] = Array.from({ length: fewEntries + 1 }, (_, length) =>
  Array.from({ length }, (_entry, index) => index),
);

/** Entries by their path; those without a plain path are always named. */
export type PathIndex = { readonly root: Node; readonly always: readonly number[] };

/** An index of paths in their order; undefined stands for an entry that has to be asked each time. */
export function buildPathIndex(paths: readonly (string | undefined)[]): PathIndex {
  const all = firstEntries[paths.length];
  if (all !== undefined) return { root: emptyNode, always: all };
  const root: Node = { children: new Map(), here: [] };
  const always: number[] = [];
  paths.forEach((path, index) => {
    if (path?.startsWith('/') !== true) always.push(index);
    else nodeOf(root, path).here.push(index);
  });
  return { root, always };
}

function nodeOf(root: Node, path: string): Node {
  let node = root;
  for (const segment of path.split('/')) {
    if (segment === '') continue;
    let child = node.children.get(segment);
    if (child === undefined) {
      child = { children: new Map(), here: [] };
      node.children.set(segment, child);
    }
    node = child;
  }
  return node;
}

/** The entries, in order, whose path is `path` or above it on a segment's boundary, and those always named. */
export function entriesAbove({ root, always }: PathIndex, path: string): readonly number[] {
  let found = always;
  if (root.here.length > 0) found = join(found, root.here);
  let node = root;
  let start = 1;
  while (node.children.size > 0 && start <= path.length) {
    const slash = path.indexOf('/', start);
    const end = slash === -1 ? path.length : slash;
    if (end > start) {
      const child = node.children.get(path.slice(start, end));
      if (child === undefined) break;
      if (child.here.length > 0) found = join(found, child.here);
      node = child;
    }
    start = end + 1;
  }
  return found;
}

function join(before: readonly number[], more: readonly number[]): readonly number[] {
  return before.length === 0 ? more : [...before, ...more].sort((a, b) => a - b);
}
