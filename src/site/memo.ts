/** What requests have already worked out from a site: results only, so forgetting costs time and nothing else. */
import { createPairCache, type MergeCache, type PairCache } from './merge-cache.ts';
import type { WsgiPlace } from './wsgi-place.ts';

/** Remembered results of one site. */
export type SiteMemo = {
  readonly merges: MergeCache;
  /** What mod_wsgi's directives say, by the scopes outside and inside sections. */
  readonly wsgiPlaces: PairCache<WsgiPlace>;
  /** Names and values of a table of variables. */
  readonly plainVariables: WeakMap<object, ReadonlyMap<string, string>>;
  /** Keys of groups that have no third part, by process group and application group. */
  readonly keys: Map<string, Map<string, unknown>>;
};

/** Nothing remembered. */
export function createSiteMemo(): SiteMemo {
  return {
    merges: createPairCache(),
    wsgiPlaces: createPairCache(),
    plainVariables: new WeakMap(),
    keys: new Map(),
  };
}

/** Entries of one map that are kept; names that clients choose have no natural end. */
export const maxRemembered = 5_000;
