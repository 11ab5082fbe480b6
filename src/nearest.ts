/** The word that someone who mistyped most likely meant: of settings, directives and their options. */

/** The candidate with the smallest edit distance, when that is at most `limit`: by default a third of the word's length, but 2 always. */
export function nearest(
  word: string,
  candidates: readonly string[],
  limit: number = Math.max(2, Math.floor(word.length / 3)),
): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.candidate;
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, ofA] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, ofB] of [...b].entries()) {
      const change = (row[j] as number) + (ofA === ofB ? 0 : 1);
      next.push(Math.min(change, (row[j + 1] as number) + 1, (next[j] as number) + 1));
    }
    row = next;
  }
  return row.at(-1) as number;
}
