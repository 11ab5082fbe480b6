/** Which modules Apache loads, as far as a configuration says. */
import type { LoadedModule } from '../apache/modules.ts';

/** The symbols of all modules, or nothing for a part of a configuration, in which no module is loaded. */
export function moduleNames(modules: ReadonlyMap<string, LoadedModule>): ReadonlySet<string> {
  const isWhole = [...modules.values()].some(({ file }) => file !== undefined);
  return isWhole ? new Set(modules.keys()) : new Set();
}
