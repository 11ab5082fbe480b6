/** Merges of scopes, remembered: the same sections in the same order give the same object, without work. */
import { emptyScope, mergeScopes, type Scope } from './scope.ts';

/** What has been merged so far, by outer and nearer scope. */
export type MergeCache = { readonly merged: Map<Scope, Map<Scope, Scope>>; size: number };

/** Merges that are kept. Patterns can match in ever new combinations, which clients choose; beyond, all is forgotten. */
const maxMerges = 20_000;

/** A cache without entries. */
export function createMergeCache(): MergeCache {
  return { merged: new Map(), size: 0 };
}

/** As `mergeScopes`. */
export function mergeRemembered(cache: MergeCache, base: Scope, over: Scope): Scope {
  if (over === emptyScope) return base;
  if (base === emptyScope) return over;
  const byOver = cache.merged.get(base);
  const known = byOver?.get(over);
  if (known !== undefined) return known;
  if (cache.size >= maxMerges) {
    cache.merged.clear();
    cache.size = 0;
  }
  const merged = mergeScopes(base, over);
  const place = cache.merged.get(base) ?? new Map<Scope, Scope>();
  cache.merged.set(base, place.set(over, merged));
  cache.size += 1;
  return merged;
}
