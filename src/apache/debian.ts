/**
 * Debian's `envvars`: the shell file that `apache2ctl` sources before it starts Apache, whose variables Debian's
 * apache2.conf uses. Only assignments are understood, and nothing is ever executed.
 */
import type { Diagnostic } from './diagnostic.ts';
import type { FileReader } from './file-reader.ts';
import { nextLine, readerOf } from './lexer.ts';

/** An environment, and what of `envvars` was not understood. */
export type DebianEnvironment = {
  readonly environment: ReadonlyMap<string, string>;
  readonly diagnostics: readonly Diagnostic[];
};

/** The folder of a Debian `apache2.conf`, `/etc/apache2` or that of a further instance, `/etc/apache2-NAME`; else undefined. */
export function debianFolder(file: string): string | undefined {
  return /^(\/etc\/apache2(?:-[^/]+)?)\/+apache2\.conf$/.exec(file)?.[1];
}

/** The environment for a configuration file: with the `envvars` beside it when it is a Debian `apache2.conf`, else as given. */
export function readDebianEnvironment(
  reader: FileReader,
  file: string,
  given: ReadonlyMap<string, string>,
): DebianEnvironment {
  const folder = debianFolder(file);
  if (folder === undefined) return { environment: given, diagnostics: [] };
  const path = `${folder}/envvars`;
  const content = reader.read(path);
  if (!('bytes' in content)) return { environment: given, diagnostics: [] };
  const environment = new Map(given).set('APACHE_CONFDIR', folder);
  return readEnvvars(path, content.bytes.toString('latin1'), environment);
}

type Shell = {
  readonly file: string;
  readonly variables: Map<string, string>;
  readonly diagnostics: Diagnostic[];
};

/**
 * The variables after a shell text: `NAME=VALUE`, `export`, `unset`, and `if` with the one test that Debian's file has.
 * Shell variables that are not exported are dropped at the end.
 */
export function readEnvvars(
  file: string,
  text: string,
  given: ReadonlyMap<string, string>,
): DebianEnvironment {
  const shell: Shell = { file, variables: new Map(given), diagnostics: [] };
  const exported = new Set(given.keys());
  const lines = readerOf(text);
  const branches: Branch[] = [];
  for (let line = nextLine(lines); line !== undefined; line = nextLine(lines)) {
    if (line.text === '' || line.text.startsWith('#')) continue;
    if (
      !followBranch(shell, line.text, line.first, branches) &&
      branches.every((branch) => branch === 'taken')
    ) {
      runCommand(shell, line.text, line.first, exported);
    }
  }
  const environment = new Map([...shell.variables].filter(([name]) => exported.has(name)));
  return { environment, diagnostics: shell.diagnostics };
}

/** For an open `if` whether the lines at hand count. */
type Branch = 'taken' | 'passed' | 'unknown';

/** Follows `if`, `else`, `fi`; false for other lines. A test that is not understood makes both branches not count. */
function followBranch(shell: Shell, text: string, line: number, branches: Branch[]): boolean {
  const test = /^if\s+\[\s+(.*?)\s+\]\s*;\s*then$/.exec(text);
  if (test !== null || /^if\b/.test(text)) {
    const comparison = /^("[^"]*")\s+(!=|=)\s+("[^"]*")$/.exec(test?.[1] ?? '');
    const left = comparison === null ? undefined : expandWord(shell, comparison[1] ?? '');
    const right = comparison === null ? undefined : expandWord(shell, comparison[3] ?? '');
    const isKnown = left !== undefined && right !== undefined;
    if (!isKnown) notUnderstood(shell, line, text);
    const holds = (left === right) === (comparison?.[2] === '=');
    branches.push(isKnown ? (holds ? 'taken' : 'passed') : 'unknown');
    return true;
  }
  if (text === 'else') {
    const branch = branches.pop();
    branches.push(branch === 'taken' ? 'passed' : branch === 'passed' ? 'taken' : 'unknown');
    return true;
  }
  if (text !== 'fi') return false;
  branches.pop();
  return true;
}

function runCommand(shell: Shell, text: string, line: number, exported: Set<string>): void {
  const [, command, rest = ''] = /^(?:(export|unset)\s+)?(.*)$/s.exec(text) ?? [];
  const words = splitShellWords(rest);
  if (words === undefined) {
    notUnderstood(shell, line, text);
    return;
  }
  for (const word of words) {
    const [, name, hasValue, value = ''] = /^([A-Za-z_]\w*)(=(.*))?$/s.exec(word) ?? [];
    const expanded = expandWord(shell, value);
    if (name === undefined || expanded === undefined || (command === undefined && hasValue === undefined)) {
      notUnderstood(shell, line, text);
      return;
    }
    if (command === 'unset') {
      shell.variables.delete(name);
      exported.delete(name);
      continue;
    }
    if (hasValue !== undefined) shell.variables.set(name, expanded);
    if (command === 'export') exported.add(name);
  }
}

/** Words of a command as they are written; undefined when the line has more than words (`;`, `|`, `$(…)`, …). */
function splitShellWords(text: string): readonly string[] | undefined {
  const words: string[] = [];
  const word = /(?:[^\s"'`;|&<>()\\#]|(?<=\S)#|"[^"`\\]*"|'[^']*')+/y;
  const space = /\s+/y;
  let at = 0;
  while (at < text.length) {
    space.lastIndex = at;
    if (space.test(text)) at = space.lastIndex;
    if (at >= text.length || text.charAt(at) === '#') break;
    word.lastIndex = at;
    const found = word.exec(text);
    if (found === null || found[0].includes('$(')) return undefined;
    words.push(found[0]);
    at = word.lastIndex;
  }
  return words;
}

/** A word after quotes and variables; undefined when it holds more than that. */
function expandWord(shell: Shell, word: string): string | undefined {
  let value = '';
  for (const [part, single, double] of word.matchAll(/'([^']*)'|"([^"]*)"|[^'"]+/g)) {
    const expanded = single ?? expandVariables(shell, double ?? part);
    if (expanded === undefined) return undefined;
    value += expanded;
  }
  return value;
}

/** `$NAME`, `${NAME}`, `${NAME##prefix}`, `${NAME#prefix}`, `${NAME:-default}`. */
function expandVariables(shell: Shell, text: string): string | undefined {
  let isUnderstood = true;
  const expanded = text.replace(
    /\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(##?|:-)([^}$`*?[]*))?\}|)/g,
    (_, plain?: string, name?: string, operator?: string, operand = '') => {
      const variable = plain ?? name;
      if (variable === undefined) isUnderstood = false;
      const value = shell.variables.get(variable ?? '') ?? '';
      if (operator === ':-') return value === '' ? operand : value;
      return operator !== undefined && value.startsWith(operand) ? value.slice(operand.length) : value;
    },
  );
  return isUnderstood && !/[`\\]/.test(expanded) ? expanded : undefined;
}

function notUnderstood(shell: Shell, line: number, text: string): void {
  shell.diagnostics.push({
    severity: 'warning',
    id: 'envvars-not-understood',
    position: { file: shell.file, line },
    message: `Only assignments are read from this file, never executed, so "${text}" has no effect here`,
    advice: 'Set what it sets in the environment of the sidecar',
  });
}
