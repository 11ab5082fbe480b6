/** Whether Apache has a module. */
import type { RequestState } from './request-state.ts';

/** Whether a module is loaded; where no module is, the configuration is a part of one that loads them. */
export function hasModule({ site }: Pick<RequestState, 'site'>, name: string): boolean {
  const { modules } = site.options;
  return modules.size === 0 || modules.has(name);
}
