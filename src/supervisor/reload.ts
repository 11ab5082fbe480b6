/** What a reload is made of: the words of the supervisor and of those who do its steps. */
import type { SidecarError } from '../errors.ts';
import type { PoolReload } from '../groups/pool.ts';
import type { Site } from '../site/model.ts';

/** What is in force as a whole: requests see one or the next, never a mixture. */
export type Configuration = { readonly site: Site };

/** One reading of the configuration: its result, and what it was read from. */
export type Reading<C extends Configuration> = {
  /** Equal for equal texts, whatever they mean. */
  readonly fingerprint: string;
  readonly result:
    | { readonly kind: 'read'; readonly configuration: C }
    | { readonly kind: 'refused'; readonly error: SidecarError };
};

/** Who wants a reload: an operator is always answered, a watch only where a text has changed. */
export type ReloadTrigger = 'operator' | 'watch';

/** How a reload ended. `refused` leaves everything as it was; `unchanged` is a watch that had nothing to tell. */
export type ReloadOutcome =
  | {
      readonly kind: 'reloaded';
      readonly groups: PoolReload;
      readonly opened: readonly string[];
      readonly closed: readonly string[];
    }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly error: SidecarError };

/** Listeners that are ready for the next configuration, before it is in force. */
export type DoorsChange = {
  /** Addresses of listeners that take connections already, whose requests wait for `commit`. */
  readonly opened: readonly string[];
  /** Addresses of listeners that `commit` lets drain. */
  readonly closed: readonly string[];
  /** From now on requests are answered by the next configuration; in one turn of the event loop, and it cannot fail. */
  commit(): void;
};
