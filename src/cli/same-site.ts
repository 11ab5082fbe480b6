/** Whether two sites mean the same: all that differs may be where things stand and how they are worded. */

/** What tells places and wording, and what is only there to look the rest up faster. */
const ASIDE: ReadonlySet<string> = new Set([
  'position',
  'title',
  'rule',
  'unknown',
  'unresolved',
  'message',
  'diagnostics',
  'file',
  'line',
  'index',
  'known',
  'knownHost',
  'knownScope',
  'knownAnswer',
  'hashes',
  'slots',
  'places',
  'deepest',
  'always',
  'memo',
  'knownHost',
  'knownScope',
  'knownAnswer',
  'merges',
]);

/** Lists of which any one is enough, or whose parts have nothing to do with each other. */
const UNORDERED: ReadonlySet<string> = new Set(['children', 'allow', 'deny', 'removed']);

/** The first place in which two values differ, as a path; undefined where they mean the same. */
export function firstDifference(one: unknown, other: unknown, path = ''): string | undefined {
  if (Object.is(one, other)) return undefined;
  if (!isObject(one) || !isObject(other)) return path;
  if (one instanceof RegExp || other instanceof RegExp)
    return String(one) === String(other) ? undefined : path;
  const isUnordered = UNORDERED.has(path.slice(path.lastIndexOf('/') + 1));
  const [left, right] = [partsOf(one, isUnordered), partsOf(other, isUnordered)];
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    const found = firstDifference(left.get(key), right.get(key), `${path}/${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function partsOf(value: object, isUnordered: boolean): ReadonlyMap<string, unknown> {
  if (value instanceof Map) return new Map([...value].map(([key, part]) => [String(key), part]));
  if (value instanceof Set) return new Map([...value].map((part) => [String(part), part]));
  if (Array.isArray(value)) {
    const parts = isUnordered ? value.toSorted((a, b) => (wordsOf(a) < wordsOf(b) ? -1 : 1)) : value;
    // Mounts are told apart by their ids; in which order directives of different kinds made them means nothing.
    const named = parts.every((part) => isObject(part) && 'mountPoint' in part && 'id' in part);
    return new Map(
      parts.map((part, index) => [named ? String((part as { id: unknown }).id) : String(index), part]),
    );
  }
  return new Map(Object.entries(value).filter(([key, part]) => part !== undefined && !ASIDE.has(key)));
}

/** A value as text by which equal ones are told. */
function wordsOf(value: unknown): string {
  return JSON.stringify(value, (key, part: unknown) => {
    if (ASIDE.has(key)) return undefined;
    if (part instanceof Set || part instanceof Map) return [...part];
    return typeof part === 'bigint' ? String(part) : part;
  });
}
