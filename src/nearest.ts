/** The word that someone who mistyped most likely meant: of settings, directives and their options. */

/**
 * The first candidate with the smallest edit distance, when that is at most `limit`: by default a third of the word's length, but
 * 2 always. Asked for every directive that is not known, so no distance is worked out beyond the best one so far.
 */
export function nearest(
  word: string,
  candidates: readonly string[],
  limit: number = Math.max(2, Math.floor(word.length / 3)),
): string | undefined {
  const wanted = word.toLowerCase();
  let found: string | undefined;
  let bound = limit;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate.toLowerCase(), bound);
    if (distance > bound) continue;
    found = candidate;
    bound = distance - 1;
  }
  return found;
}

/** Levenshtein's distance, one row at a time, where it is at most `bound`; else some number above. */
function editDistance(a: string, b: string, bound: number): number {
  if (Math.abs(a.length - b.length) > bound) return bound + 1;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i += 1) {
    const next = [i + 1];
    let least = i + 1;
    for (let j = 0; j < b.length; j += 1) {
      const change = (row[j] as number) + (a[i] === b[j] ? 0 : 1);
      const distance = Math.min(change, (row[j + 1] as number) + 1, (next[j] as number) + 1);
      next.push(distance);
      least = Math.min(least, distance);
    }
    if (least > bound) return bound + 1;
    row = next;
  }
  return row[b.length] as number;
}
