/** Apache's expressions, computed for a request (httpd `util_expr_eval.c`). */
import { createHash } from 'node:crypto';
import { blockHolds, parseAddress, parseBlock } from '../site/address-block.ts';
import type { Expression, StringExpression, StringPiece } from '../site/expression.ts';
import { compileWildcard } from '../site/path-wildcard.ts';
import { matchPattern } from '../site/regex.ts';
import { escapeUri } from './escape.ts';
import { type FileTest, testPath } from './file-test.ts';
import { headerValue } from './headers.ts';
import type { RequestState } from './request-state.ts';
import { requestVariable } from './request-variable.ts';
import { getVariable } from './variable-table.ts';

type Groups = readonly (string | undefined)[];

type Evaluation = { readonly state: RequestState; groups: Groups };

/** Whether a condition holds; `onMatch` is told the groups of the last match. */
export function evaluateExpression(
  state: RequestState,
  expression: Expression,
  onMatch?: (groups: Groups) => void,
): boolean {
  const evaluation: Evaluation = { state, groups: [] };
  const value = evaluate(evaluation, expression);
  if (evaluation.groups.length > 0) onMatch?.(evaluation.groups);
  return value;
}

/** The text of an expression. */
export function evaluateText(state: RequestState, expression: StringExpression): string {
  return textOf({ state, groups: [] }, expression);
}

function evaluate(evaluation: Evaluation, expression: Expression): boolean {
  switch (expression.kind) {
    case 'constant':
      return expression.value;
    case 'not':
      return !evaluate(evaluation, expression.operand);
    case 'and':
      return evaluate(evaluation, expression.left) && evaluate(evaluation, expression.right);
    case 'or':
      return evaluate(evaluation, expression.left) || evaluate(evaluation, expression.right);
    case 'compare':
      return compare(
        expression.operator,
        textOf(evaluation, expression.left),
        textOf(evaluation, expression.right),
      );
    case 'match': {
      const found = matchPattern(expression.pattern, textOf(evaluation, expression.subject));
      if (found !== undefined) evaluation.groups = found.groups;
      return (found !== undefined) !== expression.negated;
    }
    case 'in': {
      const subject = textOf(evaluation, expression.subject);
      return expression.list.some((word) => textOf(evaluation, word) === subject);
    }
    case 'test':
      return runTest(evaluation.state, expression.test, textOf(evaluation, expression.operand));
    default:
      return expression satisfies never;
  }
}

function compare(operator: string, left: string, right: string): boolean {
  switch (operator) {
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '-ipmatch':
      return ipMatches(left, right);
    case '-fnmatch':
      return compileWildcard(right).regexp.test(left);
    case '-strmatch':
      return compileWildcard(right, true).regexp.test(left);
    case '-strcmatch':
      return compileWildcard(right.toLowerCase(), true).regexp.test(left.toLowerCase());
  }
  const isNumeric = operator.startsWith('-');
  const order = isNumeric
    ? leadingNumber(left) - leadingNumber(right)
    : left < right
      ? -1
      : left > right
        ? 1
        : 0;
  switch (operator.replace('-', '')) {
    case 'eq':
      return order === 0;
    case 'ne':
      return order !== 0;
    case '<':
    case 'lt':
      return order < 0;
    case '<=':
    case 'le':
      return order <= 0;
    case '>':
    case 'gt':
      return order > 0;
    default:
      return order >= 0;
  }
}

function leadingNumber(text: string): number {
  const number = Number.parseInt(text, 10);
  return Number.isNaN(number) ? 0 : number;
}

function ipMatches(address: string, block: string): boolean {
  const bytes = parseAddress(address);
  const parsed = parseBlock(block);
  return bytes !== undefined && parsed !== undefined && blockHolds(parsed, bytes);
}

function runTest(state: RequestState, test: string, text: string): boolean {
  switch (test) {
    case 'n':
      return text !== '';
    case 'z':
      return text === '';
    case 'T':
      return !/^(?:|0|off|false|no)$/i.test(text);
    case 'R':
      return ipMatches(state.input.remoteAddress, text);
    case 'h':
      return testPath(state.probe, 'l', text);
    default:
      return testPath(state.probe, test.toLowerCase() as FileTest, text);
  }
}

function textOf(evaluation: Evaluation, expression: StringExpression): string {
  if (expression.length === 1 && typeof expression[0] === 'string') return expression[0];
  return expression.map((piece) => pieceText(evaluation, piece)).join('');
}

function pieceText(evaluation: Evaluation, piece: StringPiece): string {
  if (typeof piece === 'string') return piece;
  if ('group' in piece) return evaluation.groups[piece.group] ?? '';
  if ('variable' in piece) return requestVariable(evaluation.state, piece.variable);
  return callFunction(evaluation.state, piece.function, textOf(evaluation, piece.argument));
}

function callFunction(state: RequestState, name: string, argument: string): string {
  switch (name) {
    case 'req':
    case 'http':
    case 'req_novary':
      return headerValue(state.input.rawHeaders, argument.toLowerCase()) ?? '';
    case 'env':
      return getVariable(state.variables, argument) ?? state.site.options.environment[argument] ?? '';
    case 'reqenv':
      return getVariable(state.variables, argument) ?? '';
    case 'osenv':
      return state.site.options.environment[argument] ?? '';
    case 'tolower':
      return argument.toLowerCase();
    case 'toupper':
      return argument.toUpperCase();
    case 'escape':
      return escapeUri(argument);
    case 'unescape':
      return argument.replace(/%([0-9A-Fa-f]{2})/g, (_whole, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      );
    case 'base64':
      return Buffer.from(argument, 'latin1').toString('base64');
    case 'unbase64':
      return Buffer.from(argument, 'base64').toString('latin1');
    case 'md5':
    case 'sha1':
      return createHash(name).update(argument, 'latin1').digest('hex');
    default:
      return '';
  }
}
