/** Apache's modules: what `<IfModule>` calls them, and which directives each brings. */
import { knownModules } from './directive-table.ts';

/** A module that is compiled in or that LoadModule loaded. */
export type LoadedModule = {
  /** The symbol, as in LoadModule: `wsgi_module`. */
  readonly symbol: string;
  /** Names of the source file, as in `<IfModule mod_wsgi.c>`; two candidates where it can only be guessed. */
  readonly sources: readonly string[];
  /** The shared object, when LoadModule named one. */
  readonly file?: string;
  /** Lower-case names of its directives, sections with `<`; undefined for a module that is not in our table. */
  readonly directives?: ReadonlySet<string>;
};

const compiledIn = [
  'core_module',
  'so_module',
  'watchdog_module',
  'http_module',
  'log_config_module',
  'logio_module',
  'version_module',
  'unixd_module',
];

/** The modules that Debian compiles into apache2 (`apache2 -l`). */
export function compiledInModules(): Map<string, LoadedModule> {
  return new Map(compiledIn.map((symbol) => [symbol, moduleOf(symbol)]));
}

/** The module of a symbol; `file` is LoadModule's second argument. */
export function moduleOf(symbol: string, file?: string): LoadedModule {
  const known = knownModules.get(symbol);
  const where = file === undefined ? {} : { file };
  if (known === undefined) return { symbol, sources: guessedSources(symbol, file), ...where };
  return { symbol, sources: [known.source], directives: known.directives, ...where };
}

/** Third-party modules are called after their symbol, or after the shared object. */
function guessedSources(symbol: string, file: string | undefined): readonly string[] {
  const bySymbol = `mod_${symbol.replace(/_module$/, '')}.c`;
  const byFile = file === undefined ? bySymbol : `${file.replace(/^.*\//, '').replace(/\.so$/, '')}.c`;
  return bySymbol === byFile ? [bySymbol] : [bySymbol, byFile];
}

/** Whether `<IfModule NAME>` holds: a symbol or a source file, with case. */
export function hasModule(modules: ReadonlyMap<string, LoadedModule>, name: string): boolean {
  if (modules.has(name)) return true;
  for (const { sources } of modules.values()) if (sources.includes(name)) return true;
  return false;
}

/** Whether some module brings a directive (`<directory` for a section); undefined when a module is not in our table. */
export function hasDirective(modules: ReadonlyMap<string, LoadedModule>, key: string): boolean | undefined {
  let isKnown = true;
  for (const { directives } of modules.values()) {
    if (directives === undefined) isKnown = false;
    else if (directives.has(key)) return true;
  }
  return isKnown ? false : undefined;
}
