/** What depends on the modules that Apache has. */
import { hasOption, noExtensions } from '../site/scope.ts';
import type { RequestState } from './request-state.ts';

/** Whether a module is loaded; where no module is, the configuration is a part of one that loads them. */
export function hasModule({ site }: Pick<RequestState, 'site'>, name: string): boolean {
  const { modules } = site.options;
  return modules.size === 0 || modules.has(name);
}

/**
 * Whether mod_negotiation would send a variant in place of a file that is missing (`read_types_multi()`): one of its name
 * with extensions behind of which none only says a handler. Which one is not computed here.
 */
export function isNegotiated(state: RequestState): boolean {
  if (!hasOption(state.scope.options, 'multiviews') || !hasModule(state, 'negotiation_module')) return false;
  const { filename = '', probe, scope } = state;
  if (probe.list === undefined) return true;
  const slash = filename.lastIndexOf('/') + 1;
  const start = `${filename.slice(slash)}.`;
  const variants = probe.list(filename.slice(0, slash)).filter((name) => name.startsWith(start));
  const tables = scope.extensions ?? noExtensions;
  const known = [tables.types, tables.languages, tables.encodings, tables.charsets];
  return variants.some((name) =>
    name
      .slice(start.length)
      .split('.')
      .map((extension) => extension.toLowerCase())
      .every((extension) => !tables.handlers.has(extension) || known.some((table) => table.has(extension))),
  );
}
