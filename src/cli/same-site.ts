/** Whether two sites mean the same: all that differs may be where things stand and how they are worded. */

/** What tells places and wording. */
const WORDING: ReadonlySet<string> = new Set([
  'position',
  'title',
  'rule',
  'unknown',
  'unresolved',
  'message',
  'diagnostics',
  'file',
  'line',
]);

/** The first place in which two values differ, as a path; undefined where they mean the same. */
export function firstDifference(one: unknown, other: unknown, path = ''): string | undefined {
  if (Object.is(one, other)) return undefined;
  if (!isObject(one) || !isObject(other)) return path;
  if (one instanceof RegExp || other instanceof RegExp)
    return String(one) === String(other) ? undefined : path;
  const [left, right] = [partsOf(one), partsOf(other)];
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    const found = firstDifference(left.get(key), right.get(key), `${path}/${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function partsOf(value: object): ReadonlyMap<string, unknown> {
  if (value instanceof Map) return new Map([...value].map(([key, part]) => [String(key), part]));
  if (value instanceof Set) return new Map([...value].map((part) => [String(part), part]));
  if (Array.isArray(value)) {
    const parts = value.filter(setsSomething);
    // Mounts are told apart by their ids; in which order directives of different kinds made them means nothing.
    const named = parts.every((part) => isObject(part) && 'mountPoint' in part && 'id' in part);
    return new Map(
      parts.map((part, index) => [named ? String((part as { id: unknown }).id) : String(index), part]),
    );
  }
  return new Map(Object.entries(value).filter(([key, part]) => part !== undefined && !WORDING.has(key)));
}

/** A section that sets nothing, and sets no variables by the names in its pattern, might as well not be there. */
function setsSomething(part: unknown): boolean {
  if (!isObject(part) || !('scope' in part) || !('match' in part) || !isObject(part.scope)) return true;
  const isPattern = isObject(part.match) && 'pattern' in part.match;
  return Object.keys(part.scope).length > 0 || (isPattern && JSON.stringify(part.match).includes('names'));
}
