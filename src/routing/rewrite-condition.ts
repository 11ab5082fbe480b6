/** `RewriteCond` (mod_rewrite `apply_rewrite_cond()`). */

import { matchPattern } from '../site/regex.ts';
import type { RewriteCondition, RewriteTest } from '../site/rewrite.ts';
import { evaluateExpression } from './expression.ts';
import { testPath } from './file-test.ts';
import { fillText, type RewriteContext } from './rewrite-text.ts';

/** Whether all conditions of a rule hold; those joined by `[OR]` count as one. */
export function conditionsHold(context: RewriteContext, conditions: readonly RewriteCondition[]): boolean {
  for (let at = 0; at < conditions.length; at += 1) {
    const condition = conditions[at] as RewriteCondition;
    const holds = conditionHolds(context, condition);
    if (context.state.unresolved !== undefined) return false;
    if (!condition.orNext) {
      if (!holds) return false;
    } else if (holds) {
      while (at < conditions.length && conditions[at]?.orNext === true) at += 1;
    }
  }
  return true;
}

function conditionHolds(context: RewriteContext, condition: RewriteCondition): boolean {
  const { test, negated, ignoreCase } = condition;
  if (test.kind === 'unknown') {
    context.state.unresolved ??= test.rule;
    return false;
  }
  const input = fillText(context, condition.input);
  if (test.kind === 'pattern') {
    const found = matchPattern(test.pattern, input);
    if (found !== undefined && !negated) context.conditionGroups = found.groups;
    return (found !== undefined) !== negated;
  }
  if (test.kind === 'expression') {
    const groups: { found: readonly (string | undefined)[] } = { found: [] };
    const holds = evaluateExpression(context.state, test.expression, (found) => {
      groups.found = found;
    });
    if (holds && !negated) context.conditionGroups = groups.found;
    return holds !== negated;
  }
  return plainTest(context, test, ignoreCase ? input.toLowerCase() : input, ignoreCase) !== negated;
}

function plainTest(
  context: RewriteContext,
  test: Exclude<RewriteTest, { kind: 'pattern' | 'expression' | 'unknown' }>,
  input: string,
  ignoreCase: boolean,
): boolean {
  if (test.kind === 'file') return testFile(context, test.test, input);
  const value = fillText(context, test.value);
  if (test.kind === 'number') return ordered(test.operator, leadingNumber(input) - leadingNumber(value));
  const other = ignoreCase ? value.toLowerCase() : value;
  if (test.operator === '=' || ignoreCase) return ordered(test.operator, compareText(input, other));
  return ordered(test.operator, input.length - other.length || compareText(input, other));
}

function testFile({ state }: RewriteContext, test: 'f' | 's' | 'd' | 'x' | 'l', path: string): boolean {
  return path.startsWith('/') && testPath(state.probe, test, path);
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function leadingNumber(text: string): number {
  const number = Number.parseInt(text, 10);
  return Number.isNaN(number) ? 0 : number;
}

function ordered(operator: '<' | '<=' | '=' | '>=' | '>', order: number): boolean {
  switch (operator) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '=':
      return order === 0;
    case '>=':
      return order >= 0;
    case '>':
      return order > 0;
  }
}
