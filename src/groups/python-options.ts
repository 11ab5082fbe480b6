/** mod_wsgi's directives about the interpreter itself, as the environment variables and restrictions of a process. Pure. */

/** `WSGIPythonOptimize`, `WSGIDontWriteBytecode`, `WSGIPythonWarnings`, `WSGIPythonHashSeed`, `WSGIRestrict…`; byte strings. */
export type PythonOptions = {
  readonly optimize?: string;
  readonly dontWriteBytecode: boolean;
  readonly warnings: readonly string[];
  readonly hashSeed?: string;
  readonly restrictSignal: boolean;
  readonly restrictStdin: boolean;
  readonly restrictStdout: boolean;
};

/** What applications are kept from. */
export type Restrictions = { readonly signal: boolean; readonly stdin: boolean; readonly stdout: boolean };

/** mod_wsgi's own defaults. */
export const NO_PYTHON_OPTIONS: PythonOptions = {
  dontWriteBytecode: false,
  warnings: [],
  restrictSignal: true,
  restrictStdin: false,
  restrictStdout: false,
};

/** Variables that every server's interpreter reads when it starts; child processes of the applications inherit them. */
export function pythonVariables(options: PythonOptions): Record<string, string> {
  const { optimize, dontWriteBytecode, warnings, hashSeed } = options;
  return {
    ...(optimize === undefined || optimize === '0' ? {} : { PYTHONOPTIMIZE: optimize }),
    ...(dontWriteBytecode ? { PYTHONDONTWRITEBYTECODE: '1' } : {}),
    ...(warnings.length === 0 ? {} : { PYTHONWARNINGS: warnings.join(',') }),
    ...(hashSeed === undefined ? {} : { PYTHONHASHSEED: hashSeed }),
  };
}

export function restrictionsOf(options: PythonOptions): Restrictions {
  const { restrictSignal: signal, restrictStdin: stdin, restrictStdout: stdout } = options;
  return { signal, stdin, stdout };
}
