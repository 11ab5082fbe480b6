/**
 * Apache's regular expressions (PCRE on bytes, `ap_pregcomp`) as JavaScript's, on byte strings.
 * Apache sets DOTALL and DOLLAR_ENDONLY unless the pattern says otherwise (`RegexDefaultOptions`).
 * What JavaScript cannot say is an error, never a guess.
 */
import { translatePattern } from './regex-translate.ts';

/** A compiled pattern. */
export type Pattern = {
  readonly source: string;
  readonly regexp: RegExp;
  /** Number of the JavaScript group for each group of the source, from 1 on; translation may add groups. */
  readonly groups: readonly number[];
  /** Name of each group, where it has one. */
  readonly names: readonly (string | undefined)[];
};

/** Where a pattern matched. `groups[0]` is the whole match; a group that took no part is undefined. */
export type PatternMatch = {
  readonly start: number;
  readonly end: number;
  readonly groups: readonly (string | undefined)[];
};

/** The pattern, or why it cannot be one. */
export function compilePattern(source: string, ignoreCase = false): Pattern | { readonly error: string } {
  const translated = translatePattern(source, ignoreCase);
  if ('error' in translated) return translated;
  try {
    return {
      source,
      regexp: new RegExp(translated.text, 's'),
      groups: translated.groups,
      names: translated.names,
    };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** The first match in the text. */
export function matchPattern(pattern: Pattern, text: string): PatternMatch | undefined {
  const match = pattern.regexp.exec(text);
  if (match === null) return undefined;
  const groups: (string | undefined)[] = [match[0]];
  for (const index of pattern.groups) groups.push(match[index]);
  return { start: match.index, end: match.index + match[0].length, groups };
}

/** httpd `ap_pregsub()`: `$0` to `$9` stand for groups, a backslash keeps the next character as it is. */
export function substituteGroups(template: string, groups: readonly (string | undefined)[]): string {
  if (!/[$\\]/.test(template)) return template;
  return template.replace(
    /\\(.)|\$(\d)/gs,
    (_whole, escaped: string | undefined, digit: string | undefined) =>
      escaped !== undefined ? escaped : (groups[Number(digit)] ?? ''),
  );
}
