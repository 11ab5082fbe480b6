/** `WSGIDaemonProcess` and `WSGIImportScript`. */
import type { Directive } from '../apache/directive.ts';
import { readWord } from '../apache/lexer.ts';
import { parseOptions } from '../apache/options.ts';
import { leadingInteger } from '../c-integer.ts';
import type { BuildContext } from './build-context.ts';
import { diagnose } from './diagnose.ts';
import type { ImportScript, ProcessGroup } from './model.ts';
import { lastOption, scriptForms } from './script-words.ts';

/** mod_wsgi's number of threads where none is stated (`wsgi_add_daemon_process()`). */
const defaultThreads = 15;

/** A group of daemon processes, or undefined after saying what is wrong with it. */
export function parseProcessGroup(
  directive: Directive,
  definedIn: string | undefined,
  context: BuildContext,
): ProcessGroup | undefined {
  const name = readWord(directive.text);
  const list = parseOptions(directive.text, name.next);
  if (name.word === '' || list === undefined) {
    const message = 'A daemon process needs a name and options of the form name=value';
    context.diagnostics.push(diagnose(directive, 'error', 'process-group-not-understood', message));
    return undefined;
  }
  const options = new Map(list);
  const overruled = list.filter(([option], i) => list.findLastIndex(([name]) => name === option) > i);
  const processes = countOf(options.get('processes'));
  return {
    name: name.word,
    position: directive.position,
    threads: countOf(options.get('threads')) ?? defaultThreads,
    pythonPath: splitPath(options.get('python-path')),
    options,
    ...(overruled.length === 0 ? {} : { overruled }),
    ...(processes === undefined ? {} : { processes }),
    ...(definedIn === undefined ? {} : { definedIn }),
    ...textOptions(options),
  };
}

function textOptions(options: ReadonlyMap<string, string>): Partial<ProcessGroup> {
  const texts: { [key: string]: string } = {};
  for (const name of ['user', 'group', 'home', 'umask', 'lang', 'locale']) {
    const value = options.get(name);
    if (value !== undefined) texts[name] = value;
  }
  const pythonHome = options.get('python-home');
  const displayName = options.get('display-name');
  return {
    ...texts,
    ...(pythonHome === undefined ? {} : { pythonHome }),
    ...(displayName === undefined ? {} : { displayName }),
  };
}

function countOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : leadingInteger(text);
}

/** The folders of a search path; empty parts are dropped. */
export function splitPath(text: string | undefined): readonly string[] {
  return text === undefined ? [] : text.split(':').filter((folder) => folder !== '');
}

const GROUPS_MISSING = {
  message: 'An imported script needs a process group and an application group',
  advice: 'Write process-group=NAME application-group=NAME',
};

/** `WSGIImportScript path process-group=… application-group=…`; both groups are literal. */
export function parseImportScript(directive: Directive, context: BuildContext): ImportScript | undefined {
  const reading = scriptForms.wsgiimportscript(directive);
  const said = 'fault' in reading ? undefined : reading.value;
  const processGroup = said && lastOption(said, 'process-group', true);
  const applicationGroup = said && lastOption(said, 'application-group', true);
  if (said === undefined || processGroup === undefined || applicationGroup === undefined) {
    const { message, advice } = 'fault' in reading ? reading.fault : GROUPS_MISSING;
    const finding = diagnose(directive, 'error', 'import-script-not-understood', message);
    context.diagnostics.push({ ...finding, advice });
    return undefined;
  }
  return {
    script: said.words[0] ?? '',
    processGroup,
    applicationGroup,
    callableObject: 'application',
    position: directive.position,
  };
}
