/**
 * Reads files into a tree: takes lines, executes what Apache executes while reading (Define, Include, LoadModule, Macro,
 * conditions, ServerRoot), and keeps the rest. The loop is httpd's `ap_build_config`, without its stop at the first error.
 */
import { decide, isCondition } from './condition.ts';
import type { DirectiveNode } from './directive.ts';
import { absolutePath, resolveInclude } from './include.ts';
import { lowerAscii, readWord, splitWords } from './lexer.ts';
import { defineMacro, removeMacro, useMacro } from './macro.ts';
import { moduleOf } from './modules.ts';
import {
  addNode,
  closeSection,
  closesBlock,
  emptyTree,
  openBlock,
  openSection,
  parseLine,
  sectionText,
  type TreeBuilder,
  unclosed,
} from './parser.ts';
import {
  nextSourceLine,
  type Reading,
  report,
  type SourceLine,
  type Stream,
  streamOf,
  syntaxError,
} from './reading.ts';
import { substituteVariables } from './variables.ts';

/** Includes within Includes, at most; Apache's `AP_MAX_INCLUDE_DEPTH`. */
const maxIncludeDepth = 128;

/** The nodes of a file and of everything that it includes. A file that cannot be read is a finding and no nodes. */
export function readFile(reading: Reading, file: string, include?: SourceLine): readonly DirectiveNode[] {
  const failure = failureToOpen(reading, file);
  const content = failure === undefined ? reading.reader.read(file) : { reason: failure };
  if (!('bytes' in content)) {
    reading.diagnostics.push({
      severity: 'error',
      id: 'config-unreadable',
      ...(include === undefined ? {} : { position: include.position, directive: 'Include' }),
      message: `Could not open configuration file "${file}": ${content.reason}`,
      advice:
        include === undefined ? 'Check the path and its permissions' : 'Create it, or write IncludeOptional',
    });
    return [];
  }
  reading.includes.push({
    file,
    depth: reading.includeDepth,
    ...(include === undefined ? {} : { position: include.position }),
  });
  return readText(reading, file, content.bytes.toString('latin1'));
}

function failureToOpen(reading: Reading, file: string): string | undefined {
  const kind = reading.reader.kind(file);
  return kind === 'directory' || (kind === 'other' && file !== '/dev/null')
    ? 'Not a regular file'
    : undefined;
}

function readText(reading: Reading, file: string, text: string): readonly DirectiveNode[] {
  const stream = streamOf(file, text);
  const builder = emptyTree();
  let last: SourceLine | undefined;
  for (let line = nextSourceLine(stream); line !== undefined; line = nextSourceLine(stream)) {
    last = line;
    readLine({ reading, stream, builder, line });
    if (reading.isAborted) return builder.root;
  }
  for (const { severity, message, advice, position } of unclosed(builder)) {
    const place = position ?? last?.position ?? { file, line: 1 };
    reading.diagnostics.push({ severity, id: 'config-syntax', position: place, message, advice });
  }
  return builder.root;
}

/** One line and what it acts on. */
type Step = {
  readonly reading: Reading;
  readonly stream: Stream;
  readonly builder: TreeBuilder;
  readonly line: SourceLine;
};

function readLine(step: Step): void {
  const { reading, builder, line } = step;
  if (line.text === '' || line.text.startsWith('#') || closesBlock(builder, line.text)) return;
  const parsed = parseLine(substituteVariables(reading, line));
  if (parsed === undefined) return;
  if (parsed.kind === 'close') {
    const problem = closeSection(builder, parsed.word);
    if (problem !== undefined) {
      const { severity, message, advice } = problem;
      report(reading, line, { severity, id: 'config-syntax', message, advice });
    }
  } else if (parsed.kind === 'open') readOpening(step, parsed.name, parsed.text);
  else readDirective(step, parsed.name, parsed.text);
}

function readOpening(step: Step, name: string, text: string): void {
  const { reading, stream, builder, line } = step;
  const key = lowerAscii(name);
  if (isCondition(key)) {
    const { holds, finding } = decide(reading, name, text);
    if (finding !== undefined) report(reading, line, finding);
    if (holds) openBlock(builder, name, key, line.position);
    else skipSection(step, name, key);
    return;
  }
  if (key === 'macro' && reading.modules.has('macro_module')) {
    defineMacro(reading, stream, line, text);
    return;
  }
  const inside = sectionText(text);
  if (inside === undefined) {
    const message = `<${name}> directive missing closing ">"`;
    report(reading, line, syntaxError(`<${name}>`, message, `Write <${name} ${text}>`));
  }
  const children: DirectiveNode[] = [];
  openSection(builder, { kind: 'section', ...nodeOf(line, name, key, inside ?? text), children }, children);
}

/** What a directive and a section share. */
function nodeOf(
  line: SourceLine,
  name: string,
  key: string,
  text: string,
): Omit<DirectiveNode, 'kind' | 'children'> {
  const { position, reported, uses } = line;
  return {
    name,
    key,
    args: splitWords(text),
    text,
    position,
    ...(uses === undefined ? {} : { uses }),
    ...(reported === position ? {} : { reported }),
  };
}

/** Passes over a conditional section that does not hold; its lines are not expanded (`ap_soak_end_container`). */
function skipSection({ reading, stream, line: opening }: Step, name: string, key: string): void {
  const open = [{ name, key }];
  for (let line = nextSourceLine(stream); line !== undefined; line = nextSourceLine(stream)) {
    if (!line.text.startsWith('<') && !line.text.startsWith('"') && !line.text.startsWith("'")) continue;
    const { word, next } = readWord(line.text);
    if (!word.startsWith('<')) continue;
    if (word.charAt(1) !== '/') {
      const inner = next >= line.text.length && word.endsWith('>') ? word.slice(1, -1) : word.slice(1);
      open.push({ name: inner, key: lowerAscii(inner) });
      continue;
    }
    const closed = word.slice(2, -1);
    const at = open.findLastIndex((section) => section.key === lowerAscii(closed));
    if (at !== open.length - 1) {
      const message = `Expected </${open.at(-1)?.name}> but saw </${closed}>`;
      report(reading, line, syntaxError(`</${closed}>`, message, 'Close what was opened last first'));
    }
    if (at >= 0) open.length = at;
    if (open.length === 0) return;
  }
  const message = `Expected </${open.at(-1)?.name}> before end of configuration`;
  report(reading, opening, syntaxError(`<${name}>`, message, `Add </${open.at(-1)?.name}>`));
}

function readDirective(step: Step, name: string, text: string): void {
  const key = lowerAscii(name);
  const executable = executables.get(key);
  if (
    executable !== undefined &&
    (executable.module === undefined || step.reading.modules.has(executable.module))
  ) {
    execute(step, executable, name, text);
    return;
  }
  addNode(step.builder, { kind: 'directive', ...nodeOf(step.line, name, key, text) });
}

/** A directive that takes effect while the configuration is read, and is not part of the tree. */
type Executable = {
  readonly module?: string;
  /** How many words it takes, and Apache's words for that; undefined when it sees the text itself. */
  readonly takes?: { readonly least: number; readonly most: number; readonly what: string };
  readonly run: (step: Step, args: readonly string[], text: string) => void;
};

const oneArgument = { least: 1, most: 1, what: 'takes one argument' };

const executables: ReadonlyMap<string, Executable> = new Map<string, Executable>([
  ['define', { takes: { least: 1, most: 2, what: 'takes 1-2 arguments' }, run: define }],
  ['undefine', { takes: oneArgument, run: undefine }],
  ['include', { takes: oneArgument, run: (step, args) => include(step, args[0] ?? '', false) }],
  ['includeoptional', { takes: oneArgument, run: (step, args) => include(step, args[0] ?? '', true) }],
  ['loadmodule', { takes: { least: 2, most: 2, what: 'takes two arguments' }, run: loadModule }],
  [
    'loadfile',
    { takes: { least: 1, most: Infinity, what: 'requires at least one argument' }, run: () => {} },
  ],
  ['serverroot', { takes: oneArgument, run: setServerRoot }],
  ['defaultruntimedir', { takes: oneArgument, run: () => {} }],
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
      run: ({ reading, line }, args) => removeMacro(reading, line, args[0] ?? ''),
    },
  ],
]);

function execute(step: Step, { takes, run }: Executable, name: string, text: string): void {
  const args = splitWords(text);
  const isComplete = args.length >= (takes?.least ?? 0) && args[0] !== '';
  if (takes !== undefined && (!isComplete || args.length > takes.most)) {
    const message = `${name} ${takes.what}, and there ${args.length === 1 ? 'is 1' : `are ${args.length}`}`;
    report(step.reading, step.line, syntaxError(name, message, 'Put an argument with spaces in quotes'));
    return;
  }
  run(step, args, text);
}

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
    const message = `Module ${symbol} is built-in and can't be loaded`;
    report(reading, line, syntaxError('LoadModule', message, 'Remove this line'));
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

function include({ reading, builder, line }: Step, name: string, isOptional: boolean): void {
  const directive = isOptional ? 'IncludeOptional' : 'Include';
  if (reading.includeDepth >= maxIncludeDepth) {
    const message = `Exceeded maximum include depth of ${maxIncludeDepth}: there appears to be a recursion, and reading stops here`;
    report(reading, line, {
      ...syntaxError(directive, message, 'Remove the Include that leads back'),
      id: 'include-depth',
    });
    reading.isAborted = true;
    return;
  }
  const { files, problem } = resolveInclude(
    reading.reader,
    absolutePath(reading.serverRoot, name),
    isOptional,
  );
  reading.includeDepth += 1;
  for (const file of files) {
    if (reading.isAborted) break;
    for (const node of readFile(reading, file, line)) addNode(builder, node);
  }
  reading.includeDepth -= 1;
  if (problem === undefined) return;
  const advice = 'Create what is missing, or write IncludeOptional';
  report(reading, line, { ...syntaxError(directive, problem, advice), id: 'include-missing' });
}
