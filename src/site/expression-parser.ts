/** The grammar of Apache's expressions (httpd `util_expr_parse.y`), by recursive descent; any surprise is an error. */
import type { CompareOperator, Expression, StringExpression, StringPiece } from './expression.ts';
import { checkFunction, readString, readVariable } from './expression-string.ts';
import { compilePattern } from './regex.ts';

type Reader = { readonly text: string; at: number; error: string | undefined };

/** The condition, or what in it cannot be computed. */
export function parseExpression(text: string): Expression | { readonly error: string } {
  const reader: Reader = { text, at: 0, error: undefined };
  const expression = readOr(reader);
  skipSpace(reader);
  if (reader.error === undefined && reader.at < text.length)
    fail(reader, `"${text.slice(reader.at)}" is not understood`);
  return reader.error === undefined ? expression : { error: reader.error };
}

/** An expression whose result is text, e.g. of `Alias` in a `<Location>`. */
export function parseStringExpression(text: string): StringExpression | { readonly error: string } {
  const read = readString(text, 0, undefined);
  return 'error' in read ? read : read.pieces;
}

const never: Expression = { kind: 'constant', value: false };

function fail(reader: Reader, error: string): Expression {
  reader.error ??= error;
  reader.at = reader.text.length;
  return never;
}

function skipSpace(reader: Reader): void {
  while (/[ \t\n]/.test(reader.text[reader.at] ?? '')) reader.at += 1;
}

/** Takes what matches here, after spaces. */
function take(reader: Reader, pattern: RegExp): RegExpExecArray | null {
  skipSpace(reader);
  const sticky = new RegExp(pattern.source, 'y');
  sticky.lastIndex = reader.at;
  const match = sticky.exec(reader.text);
  if (match !== null) reader.at += match[0].length;
  return match;
}

function readOr(reader: Reader): Expression {
  let left = readAnd(reader);
  while (take(reader, /\|\||or\b/) !== null) left = { kind: 'or', left, right: readAnd(reader) };
  return left;
}

function readAnd(reader: Reader): Expression {
  let left = readNot(reader);
  while (take(reader, /&&|and\b/) !== null) left = { kind: 'and', left, right: readNot(reader) };
  return left;
}

function readNot(reader: Reader): Expression {
  if (take(reader, /!(?![~=])|not\b/) !== null) return { kind: 'not', operand: readNot(reader) };
  if (take(reader, /\(/) !== null) {
    const inner = readOr(reader);
    return take(reader, /\)/) === null ? fail(reader, 'a ")" is missing') : inner;
  }
  const constant = take(reader, /(?:true|false)\b/);
  if (constant !== null) return { kind: 'constant', value: constant[0] === 'true' };
  const unary = take(reader, /-([A-Za-z_])(?![A-Za-z_0-9])/);
  if (unary !== null) return readTest(reader, unary[1] as string);
  return readComparison(reader);
}

/** Tests that need only the request; `-U`, `-A` and `-F` ask Apache itself. */
function readTest(reader: Reader, test: string): Expression {
  if (!/[nzTRdefshL]/.test(test)) return fail(reader, `the test "-${test}" cannot be computed here`);
  return { kind: 'test', test, operand: readWord(reader) };
}

function readComparison(reader: Reader): Expression {
  const left = readWord(reader);
  const regex = take(reader, /=~|!~/);
  if (regex !== null) return readMatch(reader, left, regex[0] === '!~');
  if (take(reader, /-?in\b/) !== null) return readList(reader, left);
  const operator = take(
    reader,
    /==?|!=|<=|>=|<|>|-(?:eq|ne|lt|le|gt|ge|ipmatch|strmatch|strcmatch|fnmatch)\b|(?:eq|ne|lt|le|gt|ge)\b/,
  );
  if (operator === null) return fail(reader, 'an operator is missing');
  const name = operator[0] === '=' ? '==' : /^[a-z]/.test(operator[0]) ? `-${operator[0]}` : operator[0];
  return { kind: 'compare', operator: name as CompareOperator, left, right: readWord(reader) };
}

function readMatch(reader: Reader, subject: StringExpression, negated: boolean): Expression {
  const open = take(reader, /m([/#$%^,;:_?|\-!.'"])|(\/)/);
  if (open === null) return fail(reader, 'a regular expression is missing');
  const end = reader.text.indexOf((open[1] ?? open[2]) as string, reader.at);
  if (end === -1) return fail(reader, 'a regular expression has no end');
  const source = reader.text.slice(reader.at, end);
  reader.at = end + 1;
  const ignoreCase = reader.text[reader.at] === 'i';
  if (ignoreCase) reader.at += 1;
  const pattern = compilePattern(source, ignoreCase);
  if ('error' in pattern) return fail(reader, `the pattern "${source}": ${pattern.error}`);
  return { kind: 'match', negated, subject, pattern };
}

function readList(reader: Reader, subject: StringExpression): Expression {
  if (take(reader, /\{/) === null) return fail(reader, 'a list in braces is missing');
  const list = [readWord(reader)];
  while (take(reader, /,/) !== null) list.push(readWord(reader));
  return take(reader, /\}/) === null ? fail(reader, 'a "}" is missing') : { kind: 'in', subject, list };
}

/** A word: strings, variables, digits and calls, joined by dots. */
function readWord(reader: Reader): StringExpression {
  const pieces = [...readPiece(reader)];
  while (take(reader, /\./) !== null) pieces.push(...readPiece(reader));
  return pieces;
}

function readPiece(reader: Reader): readonly StringPiece[] {
  skipSpace(reader);
  const char = reader.text[reader.at];
  if (char === '"' || char === "'") return accept(reader, readString(reader.text, reader.at + 1, char));
  if (char === '%') return accept(reader, readVariable(reader.text, reader.at));
  const group = take(reader, /\$(\d)/);
  if (group !== null) return [{ group: Number(group[1]) }];
  const digits = take(reader, /-?\d+/);
  if (digits !== null) return [digits[0]];
  const call = take(reader, /([A-Za-z][A-Za-z0-9_]*)\s*\(/);
  return call === null ? refuse(reader) : readCall(reader, call[1] as string);
}

function readCall(reader: Reader, name: string): readonly StringPiece[] {
  const problem = checkFunction(name);
  if (problem !== undefined) {
    fail(reader, problem);
    return [];
  }
  const argument = readWord(reader);
  return take(reader, /\)/) === null ? refuse(reader) : [{ function: name.toLowerCase(), argument }];
}

function refuse(reader: Reader): readonly StringPiece[] {
  fail(reader, `"${reader.text.slice(reader.at, reader.at + 20)}" is not understood`);
  return [];
}

function accept(reader: Reader, read: ReturnType<typeof readString>): readonly StringPiece[] {
  if ('error' in read) {
    fail(reader, read.error);
    return [];
  }
  reader.at = read.next;
  return read.pieces;
}
