/**
 * The directives that take effect while the configuration is read and leave nothing in the tree (`EXEC_ON_READ`),
 * except sections (`expand.ts`). mod_remoteip's lists and mod_lua's hooks are read early too, but have a meaning: they stay.
 */
import { absolutePath } from './include.ts';
import { lowerAscii, splitWords } from './lexer.ts';
import { removeMacro, useMacro } from './macro.ts';
import { moduleOf } from './modules.ts';
import { type Reading, report, type SourceLine, type Stream, syntaxError } from './reading.ts';

/** A line and what it acts on. */
export type Step = { readonly reading: Reading; readonly stream: Stream; readonly line: SourceLine };

/** What became of a directive: part of the tree, executed, or an Include that the caller follows. */
export type Outcome = 'kept' | 'done' | { readonly path: string; readonly isOptional: boolean };

/** Executes a directive if it is one of those. */
export function execute(step: Step, name: string, text: string): Outcome {
  const executable = executables.get(lowerAscii(name));
  if (executable === undefined) return 'kept';
  const { module, takes, includes, run } = executable;
  if (module !== undefined && !step.reading.modules.has(module)) return 'kept';
  const args = splitWords(text);
  if (takes !== undefined && !fits(args, takes)) {
    const message = `${takes.what}, and there ${args.length === 1 ? 'is 1' : `are ${args.length}`}`;
    report(step.reading, step.line, syntaxError(name, message, 'Put an argument with spaces in quotes'));
    return 'done';
  }
  if (includes !== undefined) return { path: args[0] ?? '', isOptional: includes === 'optional' };
  run?.(step, args, text);
  return 'done';
}

type Arity = { readonly least: number; readonly most: number; readonly what: string };

/** An empty word counts as none (`invoke_cmd` of httpd server/config.c). */
function fits(args: readonly string[], { least, most }: Arity): boolean {
  return args.length <= most && args.length >= least && !args.slice(0, least).includes('');
}

type Executable = {
  /** The module that brings it, where it may be absent. */
  readonly module?: string;
  /** How many words it takes, and Apache's words for that; undefined when it sees the text itself. */
  readonly takes?: Arity;
  /** For an Include. */
  readonly includes?: 'required' | 'optional';
  /** Undefined where nothing is to be done. */
  readonly run?: (step: Step, args: readonly string[], text: string) => void;
};

const oneArgument = { least: 1, most: 1, what: 'Takes one argument' };

const executables: ReadonlyMap<string, Executable> = new Map<string, Executable>([
  ['define', { takes: { least: 1, most: 2, what: 'Takes 1-2 arguments' }, run: define }],
  ['undefine', { takes: oneArgument, run: undefine }],
  ['include', { takes: oneArgument, includes: 'required' }],
  ['includeoptional', { takes: oneArgument, includes: 'optional' }],
  ['loadmodule', { takes: { least: 2, most: 2, what: 'Takes two arguments' }, run: loadModule }],
  ['loadfile', { takes: { least: 1, most: Infinity, what: 'Requires at least one argument' } }],
  ['serverroot', { takes: oneArgument, run: setServerRoot }],
  ['defaultruntimedir', { takes: oneArgument }],
  [
    'use',
    {
      module: 'macro_module',
      run: ({ reading, stream, line }, _, text) => useMacro(reading, stream, line, text),
    },
  ],
  [
    'undefmacro',
    {
      module: 'macro_module',
      takes: oneArgument,
      run: ({ reading, line }, [name = '']) => removeMacro(reading, line, name),
    },
  ],
]);

function define({ reading, line }: Step, [name = '', value]: readonly string[]): void {
  if (hasColon(reading, line, 'Define', name)) return;
  reading.defines.add(name);
  if (value !== undefined && value !== '') reading.variables.set(lowerAscii(name), value);
}

function undefine({ reading, line }: Step, [name = '']: readonly string[]): void {
  if (hasColon(reading, line, 'UnDefine', name)) return;
  reading.defines.delete(name);
  reading.variables.delete(lowerAscii(name));
}

function hasColon(reading: Reading, line: SourceLine, directive: string, name: string): boolean {
  if (!name.includes(':')) return false;
  report(
    reading,
    line,
    syntaxError(directive, `Variable name "${name}" must not contain ":"`, 'Choose another name'),
  );
  return true;
}

function loadModule({ reading, line }: Step, [symbol = '', file = '']: readonly string[]): void {
  const loaded = reading.modules.get(symbol);
  if (loaded === undefined) {
    reading.modules.set(symbol, moduleOf(symbol, absolutePath(reading.serverRoot, file)));
  } else if (loaded.file === undefined) {
    report(reading, line, {
      severity: 'warning',
      id: 'module-built-in',
      directive: 'LoadModule',
      message: `Module ${symbol} is built into Debian's apache2, which can't load it and refuses to start`,
      advice: 'Remove this line if this is for Debian',
    });
  } else {
    report(reading, line, {
      severity: 'warning',
      id: 'module-loaded-twice',
      directive: 'LoadModule',
      message: `Module ${symbol} is already loaded, skipping`,
      advice: 'Remove this line',
    });
  }
}

function setServerRoot({ reading, line }: Step, [path = '']: readonly string[]): void {
  reading.serverRoot = absolutePath('/', path);
  if (reading.reader.kind(reading.serverRoot) === 'directory') return;
  const message = `ServerRoot must be a valid directory, and "${path}" is none`;
  report(reading, line, syntaxError('ServerRoot', message, 'Create the folder, or correct the path'));
}
