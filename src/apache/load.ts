/** The entry of Apache's configuration language: a path → the tree of what is in force, and everything that is wrong with it. */
import { toBytes } from './bytes.ts';
import { debianFolder, readDebianEnvironment } from './debian.ts';
import { type Diagnostic, renderDiagnostic } from './diagnostic.ts';
import type { DirectiveNode } from './directive.ts';
import { readFile } from './expand.ts';
import type { FileReader } from './file-reader.ts';
import { absolutePath } from './include.ts';
import { compiledInModules, type LoadedModule } from './modules.ts';
import type { IncludedFile, Reading } from './reading.ts';
import { unknownDirectives } from './unknown-directive.ts';

/** What is read, and the circumstances that Apache would find. */
export type ConfigurationSource = {
  /** Path of the first file, absolute, a byte string. */
  readonly file: string;
  readonly reader: FileReader;
  /** The environment that `${NAME}` falls back to, as `process.env` has it. Debian's `envvars` comes on top. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Names of `-D NAME`. */
  readonly defines: readonly string[];
  /** Where relative paths begin until ServerRoot says it; Debian's is `/etc/apache2`. */
  readonly serverRoot?: string;
  /** What `<IfVersion>` compares with, e.g. `2.4.62`. */
  readonly serverVersion?: string;
};

/** A configuration as Apache holds it after reading and before it gives the directives their meaning. */
export type LoadedConfiguration = {
  readonly tree: readonly DirectiveNode[];
  readonly diagnostics: readonly Diagnostic[];
  readonly serverRoot: string;
  /** By symbol, e.g. `wsgi_module`; those compiled in too. */
  readonly modules: ReadonlyMap<string, LoadedModule>;
  /** The files in the order of reading, the first file first. */
  readonly includes: readonly IncludedFile[];
  /** What Define set and nothing removed, by lower-case name. */
  readonly variables: ReadonlyMap<string, string>;
  /** Names that `<IfDefine>` knows at the end. */
  readonly defines: ReadonlySet<string>;
  /** The environment that was used, byte strings. */
  readonly environment: ReadonlyMap<string, string>;
};

const defaultServerVersion = '2.4.71';

/** Reads a configuration. Never throws for what the files say: every finding is a diagnostic. */
export function loadConfiguration(source: ConfigurationSource): LoadedConfiguration {
  const diagnostics: Diagnostic[] = [];
  const reading: Reading = {
    reader: source.reader,
    environment: environmentOf(source, diagnostics),
    defines: new Set(source.defines),
    variables: new Map(),
    modules: compiledInModules(),
    macros: new Map(),
    diagnostics,
    includes: [],
    serverVersion: (source.serverVersion ?? defaultServerVersion).split('.').map(Number),
    serverRoot: source.serverRoot ?? debianFolder(source.file) ?? '/etc/apache2',
    includeDepth: 0,
    isAborted: false,
  };
  const tree = readFile(reading, absolutePath(reading.serverRoot, source.file));
  diagnostics.push(...unknownDirectives(tree, reading.modules));
  const { serverRoot, modules, includes, variables, defines, environment } = reading;
  return {
    tree,
    diagnostics: withoutRepeats(diagnostics),
    serverRoot,
    modules,
    includes,
    variables,
    defines,
    environment,
  };
}

function environmentOf(source: ConfigurationSource, diagnostics: Diagnostic[]): ReadonlyMap<string, string> {
  const given = new Map<string, string>();
  for (const [name, value] of Object.entries(source.environment)) {
    if (value !== undefined) given.set(toBytes(name), toBytes(value));
  }
  const debian = readDebianEnvironment(source.reader, source.file, given);
  diagnostics.push(...debian.diagnostics);
  return debian.environment;
}

/** A file that is included twice, or a macro that is used twice, would say everything twice. */
function withoutRepeats(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const seen = new Map<string, Diagnostic>();
  for (const diagnostic of diagnostics) {
    const key = `${diagnostic.id} ${renderDiagnostic(diagnostic)}`;
    if (!seen.has(key)) seen.set(key, diagnostic);
  }
  return [...seen.values()];
}
