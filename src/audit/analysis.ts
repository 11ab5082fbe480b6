/** What `import_analyser.py` tells about scripts. All strings are byte strings, as everywhere in the calculation. */
import type { SourcePosition } from '../apache/directive.ts';

/** A module that a script imports, itself or through its application modules. */
export type ImportedModule = SourcePosition & {
  /** Dotted name. */
  readonly name: string;
  /** `missing`: the import finds nothing. `other`: a compiled file without a source, a module in an archive. */
  readonly kind: 'source' | 'package' | 'extension' | 'namespace' | 'other' | 'builtin' | 'missing';
  /** `installed`: by a package manager, below site-packages or beside `.dist-info`. */
  readonly origin: 'standard' | 'installed' | 'application';
  /** Whether a `try` catches the failure of the import. */
  readonly guarded: boolean;
  /** The file, or the folder of a namespace package; absent where missing. */
  readonly path?: string;
  /** `path` without links: two paths to one file are one module. */
  readonly real?: string;
};

/** A write to `os.environ`. */
export type EnvironWrite = SourcePosition & {
  readonly key: string;
  readonly how: string;
  /** Absent where the text does not tell it. */
  readonly value?: string;
  /** False for what a function of the script does, at requests. */
  readonly atImport: boolean;
};

/** A call at import time that others notice, e.g. `locale.setlocale`. */
export type Effect = SourcePosition & { readonly effect: string };

/** A file that could not be read or parsed; line 0 where it is not known. */
export type SourceError = SourcePosition & {
  readonly kind: 'missing' | 'unreadable' | 'syntax';
  readonly message: string;
};

/** One script under its interpreter. */
export type ScriptAnalysis = {
  readonly script: string;
  readonly modules: readonly ImportedModule[];
  readonly environ: readonly EnvironWrite[];
  readonly effects: readonly Effect[];
  readonly errors: readonly SourceError[];
  /** Changes of `sys.path` whose folder the text does not tell. */
  readonly unknownPaths: readonly SourcePosition[];
  /** Whether a limit of modules or time ended it early. */
  readonly cut: boolean;
};

/** Scripts that nothing could be told of, because their interpreter could not be run. */
export type InterpreterFailure = {
  readonly python: string;
  readonly message: string;
  readonly advice: string;
};

/** A file that the user of a process may not read. */
export type AccessProblem = { readonly user: string; readonly path: string; readonly reason: string };
