/** Patterns of file names as `Include` takes them (`apr_fnmatch`, `apr_fnmatch_test`). */

/** Whether a name is a pattern: has `*` or `?`, or a `[` with a `]` behind it. A backslash hides the next character. */
export function isPattern(name: string): boolean {
  let isOpen = false;
  for (let i = 0; i < name.length; i += 1) {
    const character = name.charAt(i);
    if (character === '*' || character === '?') return true;
    if (character === '\\') i += 1;
    else if (character === '[') isOpen = true;
    else if (character === ']' && isOpen) return true;
  }
  return false;
}

/** A test of file names. A leading dot must be matched by a dot of the pattern (`APR_FNM_PERIOD`). */
export function patternTest(pattern: string): (name: string) => boolean {
  const expression = new RegExp(`^${translate(pattern)}$`, 's');
  const isHidden = pattern.startsWith('.') || pattern.startsWith('\\.');
  return (name) => (isHidden || !name.startsWith('.')) && expression.test(name);
}

function translate(pattern: string): string {
  let source = '';
  for (let i = 0; i < pattern.length; i += 1) {
    const character = pattern.charAt(i);
    if (character === '*') {
      if (!source.endsWith('.*')) source += '.*';
    } else if (character === '?') source += '.';
    else if (character === '[') {
      const set = translateSet(pattern, i + 1);
      source += set?.source ?? '\\[';
      i = set?.end ?? i;
    } else {
      if (character === '\\' && i + 1 < pattern.length) i += 1;
      source += literal(pattern.charAt(i));
    }
  }
  return source;
}

/** The set that begins behind `[`, and the place of its `]`; undefined when there is none. */
function translateSet(
  pattern: string,
  start: number,
): { readonly source: string; readonly end: number } | undefined {
  const isNegated = pattern.charAt(start) === '!' || pattern.charAt(start) === '^';
  const first = isNegated ? start + 1 : start;
  let source = '';
  for (let i = first; i < pattern.length; i += 1) {
    if (pattern.charAt(i) === ']' && i > first)
      return { source: `[${isNegated ? '^' : ''}${source}]`, end: i };
    if (pattern.charAt(i) === '\\' && i + 1 < pattern.length) i += 1;
    const low = pattern.charAt(i);
    const hasRange = pattern.charAt(i + 1) === '-' && i + 2 < pattern.length && pattern.charAt(i + 2) !== ']';
    if (!hasRange) {
      source += literal(low);
      continue;
    }
    i += 2;
    if (pattern.charAt(i) === '\\' && i + 1 < pattern.length) i += 1;
    const high = pattern.charAt(i);
    if (low <= high) source += `${literal(low)}-${literal(high)}`;
  }
  return undefined;
}

function literal(character: string): string {
  return /[A-Za-z0-9]/.test(character)
    ? character
    : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
