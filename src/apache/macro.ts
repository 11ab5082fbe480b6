/**
 * `<Macro>` and `Use` (httpd modules/core/mod_macro.c): a macro is lines; using it puts them, parameters replaced, in
 * the place of the `Use` line, so a section may begin in a macro and end after it.
 */
import type { SourcePosition } from './directive.ts';
import { lowerAscii, readerOf, readWord, splitWords } from './lexer.ts';
import { replaceParameters } from './macro-parameters.ts';
import {
  type Macro,
  nextSourceLine,
  type Reading,
  report,
  type Source,
  type SourceLine,
  type Stream,
  syntaxError,
} from './reading.ts';

/** Executes `<Macro NAME $parameters…>`: takes the lines up to `</Macro>`. `text` is what stands behind `<Macro`. */
export function defineMacro(reading: Reading, stream: Stream, line: SourceLine, text: string): void {
  const end = text.lastIndexOf('>');
  const inside = end < 0 ? text : text.slice(0, end);
  const { word, next } = readWord(inside);
  const name = lowerAscii(word);
  const location = `defined on line ${line.reported.line} of "${line.reported.file}"`;
  const parameters = splitWords(inside.slice(next));
  const body = takeBody(reading, stream, line, name === '' ? 'macro' : `macro "${name}"`);
  const problem = definitionProblem(end, name, parameters);
  if (problem !== undefined) {
    report(reading, line, syntaxError('<Macro>', problem, 'Write <Macro NAME $parameter1 $parameter2>'));
    return;
  }
  const previous = reading.macros.get(name);
  if (previous !== undefined) {
    warn(
      reading,
      line,
      `Macro "${name}" multiply defined: ${previous.location}`,
      'Give it another name, or UndefMacro it first',
    );
  }
  const macro: Macro = { name, parameters, body, location };
  warnAboutDefinition(reading, line, macro);
  reading.macros.set(name, macro);
}

function definitionProblem(end: number, name: string, parameters: readonly string[]): string | undefined {
  if (end < 0) return 'Missing closing ">"';
  if (name === '') return 'Macro definition without a name';
  for (const [at, parameter] of parameters.entries()) {
    if (parameter === '') return `Macro "${name}": empty argument #${at + 1} name`;
    const first = parameters.indexOf(parameter);
    if (first !== at) {
      return `Argument name conflict in macro "${name}": argument "${parameter}": #${first + 1} and #${at + 1}`;
    }
  }
  return undefined;
}

/** Lines up to the matching `</Macro>`; comments are dropped, so Apache's line numbers within a macro do not count them. */
function takeBody(
  reading: Reading,
  stream: Stream,
  opening: SourceLine,
  what: string,
): readonly SourceLine[] {
  const body: SourceLine[] = [];
  let depth = 1;
  for (let line = nextSourceLine(stream); line !== undefined; line = nextSourceLine(stream)) {
    if (line.text.startsWith('#')) continue;
    const first = lowerAscii(readWord(line.text).word);
    if (first === '<macro') depth += 1;
    if (first === '</macro>') {
      depth -= 1;
      if (depth === 0) return body;
    }
    body.push(line);
  }
  report(
    reading,
    opening,
    syntaxError(
      '<Macro>',
      `The body of ${what} has no end: expected token not found: </Macro>`,
      'Add </Macro> on a line of its own',
    ),
  );
  return body;
}

function warnAboutDefinition(reading: Reading, line: SourceLine, macro: Macro): void {
  const { name, parameters, body } = macro;
  if (body.length === 0) {
    warn(reading, line, `Macro "${name}" has no content`, 'Remove it, or write its directives');
    return;
  }
  const used = new Set<string>();
  for (const { text } of body) replaceParameters(text, parameters, parameters, used);
  for (const [at, parameter] of parameters.entries()) {
    if (!/^[$%@]/.test(parameter)) {
      warn(
        reading,
        line,
        `Macro "${name}": argument name "${parameter}" (#${at + 1}) without expected prefix`,
        'Begin it with one of "$%@"',
      );
    }
    if (!used.has(parameter)) {
      warn(reading, line, `Macro "${name}": argument "${parameter}" (#${at + 1}) is never used`, 'Remove it');
    }
    const other = parameters
      .slice(at + 1)
      .find((later) => later.startsWith(parameter) || parameter.startsWith(later));
    if (other !== undefined) {
      warn(
        reading,
        line,
        `Macro "${name}": argument name prefix conflict ("${parameter}" and "${other}")`,
        'Rename one of them',
      );
    }
  }
}

function warn(reading: Reading, line: SourceLine, message: string, advice: string): void {
  report(reading, line, {
    severity: 'warning',
    id: 'macro-suspicious',
    directive: '<Macro>',
    message,
    advice,
  });
}

/** Executes `Use NAME values…`: the macro's lines come next. */
export function useMacro(reading: Reading, stream: Stream, line: SourceLine, text: string): void {
  const { word, next } = readWord(text);
  const name = lowerAscii(word);
  const macro = reading.macros.get(name);
  const values = splitWords(text.slice(next));
  const problem = useProblem(stream, name, macro, values);
  if (macro === undefined || problem !== undefined) {
    report(
      reading,
      line,
      syntaxError(
        'Use',
        problem ?? '',
        'Define the macro before its use, and give a value for each of its parameters',
      ),
    );
    return;
  }
  const empty = values.indexOf('');
  if (empty >= 0) {
    warn(
      reading,
      line,
      `Macro "${name}" is used with empty argument #${empty + 1}`,
      'Give it a value, if that was not meant',
    );
  }
  const expansion = expansionOf(macro, values, line);
  if (expansion !== undefined) stream.sources.push(expansion);
  else {
    const message = `Macro "${name}" (${macro.location}): a line is longer than 8 KiB with the values of its parameters`;
    report(reading, line, syntaxError('Use', message, 'Shorten the values'));
  }
}

function useProblem(
  stream: Stream,
  name: string,
  macro: Macro | undefined,
  values: readonly string[],
): string | undefined {
  if (name === '') return 'No macro name specified with Use';
  if (macro === undefined) return `Macro "${name}" undefined`;
  if (stream.sources.at(-1)?.name.includes(`macro '${name}'`))
    return `Recursive use of macro "${name}" is invalid`;
  if (macro.parameters.length === values.length) return undefined;
  return `Macro "${name}" (${macro.location}) used with ${values.length} arguments instead of ${macro.parameters.length}`;
}

function expansionOf(macro: Macro, values: readonly string[], line: SourceLine): Source | undefined {
  const used = new Set<string>();
  const text: string[] = [];
  for (const bodyLine of macro.body) {
    const expanded = replaceParameters(bodyLine.text, macro.parameters, values, used);
    if (expanded === undefined) return undefined;
    text.push(`${expanded}\n`);
  }
  const { file, line: number } = line.reported;
  const uses: readonly SourcePosition[] = [line.position, ...(line.uses ?? [])];
  return {
    name: `macro '${macro.name}' (${macro.location}) used on line ${number} of "${file}"`,
    lines: readerOf(text.join('')),
    positionOf: (at) => macro.body[at - 1]?.position ?? line.position,
    uses,
  };
}

/** Executes `UndefMacro NAME`. */
export function removeMacro(reading: Reading, line: SourceLine, name: string): void {
  if (reading.macros.delete(lowerAscii(name))) return;
  report(
    reading,
    line,
    syntaxError('UndefMacro', `Cannot remove undefined macro "${name}"`, 'Remove this line'),
  );
}
