/** How URL paths are compared with aliases (mod_alias `alias_matches()`, mod_wsgi `wsgi_alias_matches()`). */
import type { AliasMatch } from '../site/alias.ts';
import { matchPattern, type PatternMatch } from '../site/regex.ts';

/** How much of the path an alias took, and the groups of a pattern. */
export type AliasHit = { readonly length: number; readonly groups: PatternMatch['groups'] | undefined };

/** The hit of an alias on a path; a length of 0 is none. */
export function hitAlias(match: AliasMatch, uri: string): AliasHit | undefined {
  if (match.kind === 'path') {
    const length = aliasLength(uri, match.path);
    return length > 0 ? { length, groups: undefined } : undefined;
  }
  if (match.kind === 'unknown') return undefined;
  const found = matchPattern(match.pattern, uri);
  return found === undefined ? undefined : { length: found.end, groups: found.groups };
}

/** The number of bytes of `uri` that `alias` takes; a run of slashes in one is any run in the other. */
export function aliasLength(uri: string, alias: string): number {
  if (!alias.includes('//') && !uri.includes('//')) return plainLength(uri, alias);
  let at = 0;
  for (let i = 0; i < alias.length; i += 1) {
    if (alias[i] !== '/') {
      if (uri[at] !== alias[i]) return 0;
      at += 1;
      continue;
    }
    if (uri[at] !== '/') return 0;
    while (alias[i + 1] === '/') i += 1;
    while (uri[at] === '/') at += 1;
  }
  return endsOnBoundary(uri, alias, at) ? at : 0;
}

function plainLength(uri: string, alias: string): number {
  return uri.startsWith(alias) && endsOnBoundary(uri, alias, alias.length) ? alias.length : 0;
}

function endsOnBoundary(uri: string, alias: string, at: number): boolean {
  return alias.endsWith('/') || at === uri.length || uri[at] === '/';
}
