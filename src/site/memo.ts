/** What requests have already worked out from a site: results only, so forgetting costs time and nothing else. */
import { createPairCache, type MergeCache, type PairCache } from './merge-cache.ts';
import type { VirtualHost } from './model.ts';
import type { Scope } from './scope.ts';
import type { WsgiPlace } from './wsgi-place.ts';

/** Remembered results of one site. */
export type SiteMemo = {
  readonly merges: MergeCache;
  /** What mod_wsgi's directives say, by the scopes outside and inside sections. */
  readonly wsgiPlaces: PairCache<WsgiPlace>;
  /** Declared ports, by their list: most virtual hosts have the same. */
  readonly portSets: Map<string, ReadonlySet<number>>;
  /** Names and values of a table of variables. */
  readonly plainVariables: WeakMap<object, ReadonlyMap<string, string>>;
};

/**
 * What requests have worked out for one script alias. Each slot holds the last result with what it was made from, so a
 * virtual host that inherits an alias from the main server only costs the others their slot.
 */
export type AliasMemo = {
  /** The virtual host for which `knownScope` has the sections of the folders and the name of its script. */
  knownHost: VirtualHost | undefined;
  knownScope: Scope | undefined;
  /** What mod_wsgi decides there; `routing/wsgi-memo.ts` alone reads and writes it. */
  knownAnswer: object | undefined;
};

/** Nothing remembered. */
export function createSiteMemo(): SiteMemo {
  return {
    merges: createPairCache(),
    wsgiPlaces: createPairCache(),
    portSets: new Map(),
    plainVariables: new WeakMap(),
  };
}

/** Entries of one map that are kept; names that clients choose have no natural end. */
export const maxRemembered = 5_000;
