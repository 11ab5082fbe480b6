/** Merges of scopes, remembered: the same sections in the same order give the same object, without work. */
import { emptyScope, mergeScopes, type Scope } from './scope.ts';

/** What has been made of pairs of scopes so far, by outer and nearer scope. */
export type PairCache<T> = { readonly made: Map<Scope, Map<Scope, T>>; size: number };

/** Merges of sections. */
export type MergeCache = PairCache<Scope>;

/** Results that are kept. Patterns can match in ever new combinations, which clients choose; beyond, all is forgotten. */
const maxPairs = 20_000;

/** A cache without entries. */
export function createPairCache<T>(): PairCache<T> {
  return { made: new Map(), size: 0 };
}

/** As `mergeScopes`. */
export function mergeRemembered(cache: MergeCache, base: Scope, over: Scope): Scope {
  if (over === emptyScope) return base;
  if (base === emptyScope) return over;
  return madeRemembered(cache, base, over, mergeScopes);
}

/** As `make`, which depends on nothing else. */
export function madeRemembered<T>(
  cache: PairCache<T>,
  base: Scope,
  over: Scope,
  make: (base: Scope, over: Scope) => T,
): T {
  const known = cache.made.get(base)?.get(over);
  if (known !== undefined) return known;
  if (cache.size >= maxPairs) {
    cache.made.clear();
    cache.size = 0;
  }
  const made = make(base, over);
  const place = cache.made.get(base) ?? new Map<Scope, T>();
  cache.made.set(base, place.set(over, made));
  cache.size += 1;
  return made;
}
