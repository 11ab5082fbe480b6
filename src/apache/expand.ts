/**
 * Reads files into a tree: takes lines, executes what Apache executes while reading (Define, Include, LoadModule, Macro,
 * conditions, ServerRoot), and keeps the rest. The loop is httpd's `ap_build_config`, without its stop at the first error.
 */
import { decide, isCondition } from './condition.ts';
import type { DirectiveNode } from './directive.ts';
import { execute } from './execute.ts';
import { absolutePath, resolveInclude } from './include.ts';
import { lowerAscii, readWord, splitWords } from './lexer.ts';
import { defineMacro } from './macro.ts';
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
    report(reading, line, syntaxError(`<${name}>`, 'Missing closing ">"', `Write <${name} ${text}>`));
  } else if (inside === '' && needsArguments.has(key)) {
    report(
      reading,
      line,
      syntaxError(`<${name}>`, 'Requires additional arguments', 'Say what it applies to'),
    );
  }
  const children: DirectiveNode[] = [];
  openSection(builder, { kind: 'section', ...nodeOf(line, name, key, inside ?? text), children }, children);
}

const needsArguments: ReadonlySet<string> = new Set(
  'virtualhost directory directorymatch location locationmatch files filesmatch if elseif limit limitexcept proxy proxymatch'.split(
    ' ',
  ),
);

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
  const { reading, stream, builder, line } = step;
  const outcome = execute({ reading, stream, line }, name, text);
  if (outcome === 'kept')
    addNode(builder, { kind: 'directive', ...nodeOf(line, name, lowerAscii(name), text) });
  else if (outcome !== 'done') include(step, name, outcome);
}

function include(
  step: Step,
  directive: string,
  { path, isOptional }: { path: string; isOptional: boolean },
): void {
  const { reading, builder, line } = step;
  if (reading.includeDepth >= maxIncludeDepth) {
    const message = `Exceeded maximum include depth of ${maxIncludeDepth}: there appears to be a recursion, and reading stops here`;
    const advice = 'Remove the Include that leads back to a file above it';
    report(reading, line, { ...syntaxError(directive, message, advice), id: 'include-depth' });
    reading.isAborted = true;
    return;
  }
  const { files, problem } = resolveInclude(
    reading.reader,
    absolutePath(reading.serverRoot, path),
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
