/** What depends on the modules that Apache has. */
import { hasOption } from '../site/scope.ts';
import type { RequestState } from './request-state.ts';

/** Whether a module is loaded; where no module is, the configuration is a part of one that loads them. */
export function hasModule({ site }: Pick<RequestState, 'site'>, name: string): boolean {
  const { modules } = site.options;
  return modules.size === 0 || modules.has(name);
}

/** Whether mod_negotiation would look for variants of a file that is missing (`handle_multi()`); they are not computed here. */
export function isNegotiated(state: Pick<RequestState, 'site' | 'scope'>): boolean {
  return hasOption(state.scope.options, 'multiviews') && hasModule(state, 'negotiation_module');
}
