/** The merge of rewriting (mod_rewrite `config_perdir_merge()` and `config_server_merge()`). */
import type { RewriteOptions, RewriteRules } from './rewrite.ts';

const noOptions: RewriteOptions = new Set();

/** What counts where both are in force and `over` is the nearer one: outer rules only where `RewriteOptions` inherits. */
export function mergeRewrite(base: RewriteRules, over: RewriteRules): RewriteRules {
  const options = over.options ?? base.options;
  const order = inheritance(base.options ?? noOptions, options ?? noOptions);
  const inherits = order !== 'none';
  return {
    engine: over.engine ?? base.engine,
    options,
    base: over.base ?? (options?.has('mergebase') ? base.base : undefined),
    directory: over.directory,
    rules:
      order === 'after'
        ? [...over.rules, ...base.rules]
        : order === 'before'
          ? [...base.rules, ...over.rules]
          : over.rules,
    maps: inherits ? new Map([...base.maps, ...over.maps]) : over.maps,
  };
}

function inheritance(base: RewriteOptions, merged: RewriteOptions): 'after' | 'before' | 'none' {
  const isDown = !merged.has('ignoreinherit');
  if (merged.has('inherit') || (base.has('inheritdown') && isDown)) return 'after';
  if (merged.has('inheritbefore') || (base.has('inheritdownbefore') && isDown)) return 'before';
  return 'none';
}
