/** mod_setenvif and mod_env at work: the variables of a request (`match_headers()`, `fixup_env_module()`). */

import { matchPattern, substituteGroups } from '../site/regex.ts';
import type { SetEnvIfRule } from '../site/set-env-if.ts';
import { evaluateExpression } from './expression.ts';
import { headerValue } from './headers.ts';
import type { RequestState } from './request-state.ts';
import { getVariable, setVariable, unsetVariable, type VariableEntry } from './variable-table.ts';

/** Applies rules of `SetEnvIf` and its kin, in order. */
export function applySetEnvIf(state: RequestState, rules: readonly SetEnvIfRule[] | undefined): void {
  if (rules === undefined) return;
  for (const rule of rules) {
    const groups = testRule(state, rule);
    if (groups === undefined) continue;
    for (const { name, value } of rule.variables) {
      state.variables =
        value === undefined
          ? unsetVariable(state.variables, name)
          : setVariable(
              state.variables,
              groups === 'plain' ? { name, value } : filledEntry(name, value, groups),
            );
    }
  }
}

function filledEntry(name: string, template: string, groups: readonly (string | undefined)[]): VariableEntry {
  return { name, value: substituteGroups(template, groups), fromRequest: /\$\d/.test(template) };
}

/** The groups of a match; `plain` where values are taken as they are. */
function testRule(
  state: RequestState,
  rule: SetEnvIfRule,
): readonly (string | undefined)[] | 'plain' | undefined {
  const { subject, test } = rule;
  if (subject.kind === 'expression') {
    const groups: { value: readonly (string | undefined)[] | undefined } = { value: undefined };
    const isTrue = evaluateExpression(state, subject.expression, (found) => {
      groups.value = found;
    });
    return isTrue ? (groups.value ?? []) : undefined;
  }
  const value = subjectValue(state, subject) ?? '';
  if (test === undefined) return undefined;
  if ('text' in test)
    return (test.ignoreCase ? value.toLowerCase() : value).includes(test.text) ? 'plain' : undefined;
  return matchPattern(test, value)?.groups;
}

function subjectValue(
  state: RequestState,
  subject: Exclude<SetEnvIfRule['subject'], { kind: 'expression' }>,
): string | undefined {
  const { input } = state;
  if (subject.kind === 'header') {
    return headerValue(input.rawHeaders, subject.name) ?? getVariable(state.variables, subject.name);
  }
  if (subject.kind === 'headers') return lastMatchingHeader(input.rawHeaders, subject.names.regexp);
  switch (subject.name) {
    case 'remote_addr':
    case 'remote_host':
      return input.remoteAddress;
    case 'request_uri':
      return state.uri;
    case 'request_method':
      return state.method;
    case 'request_protocol':
      return `HTTP/1.${input.minorVersion}`;
    case 'server_addr':
      return input.localAddress;
  }
}

function lastMatchingHeader(rawHeaders: readonly string[], names: RegExp): string | undefined {
  let value: string | undefined;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (names.test(rawHeaders[at] as string)) value = rawHeaders[at + 1];
  }
  return value;
}

/** `SetEnv`, `PassEnv`, `UnsetEnv` of the place. mod_env appends them: look-ups find what was set before, the environ has these. */
export function applySetEnv(state: RequestState): void {
  const { variables } = state.scope;
  if (variables !== undefined && variables.size > 0) state.placeVariables = variables;
}
