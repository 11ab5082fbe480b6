/** mod_setenvif: `SetEnvIf`, `SetEnvIfNoCase`, `SetEnvIfExpr`, `BrowserMatch`, `BrowserMatchNoCase`. */
import type { Diagnostic } from '../apache/diagnostic.ts';
import type { Directive } from '../apache/directive.ts';
import { readWord } from '../apache/lexer.ts';
import { diagnose } from './diagnose.ts';
import type { Expression } from './expression.ts';
import { parseExpression } from './expression-parser.ts';
import { compilePattern, type Pattern } from './regex.ts';

/** Sets or takes away variables when an attribute of the request matches. */
export type SetEnvIfRule = {
  readonly subject: SetEnvIfSubject;
  /** The pattern, or plain text to be found anywhere; undefined for an expression. */
  readonly test: Pattern | { readonly text: string; readonly ignoreCase: boolean } | undefined;
  /** In order; an undefined value takes the variable away. */
  readonly variables: readonly { readonly name: string; readonly value: string | undefined }[];
};

/** What a rule looks at. */
export type SetEnvIfSubject =
  | { readonly kind: 'attribute'; readonly name: RequestAttribute }
  /** A header, else a variable that an earlier rule set. */
  | { readonly kind: 'header'; readonly name: string }
  /** The last header whose name matches. */
  | { readonly kind: 'headers'; readonly names: Pattern }
  | { readonly kind: 'expression'; readonly expression: Expression };

/** The special words of mod_setenvif. */
export type RequestAttribute =
  | 'remote_addr'
  | 'remote_host'
  | 'request_uri'
  | 'request_method'
  | 'request_protocol'
  | 'server_addr';

const attributes: ReadonlySet<string> = new Set<RequestAttribute>([
  'remote_addr',
  'remote_host',
  'request_uri',
  'request_method',
  'request_protocol',
  'server_addr',
]);

/** The rule of a directive, or what is wrong with it. */
export function parseSetEnvIf(directive: Directive): SetEnvIfRule | Diagnostic {
  const browser = directive.key.startsWith('browsermatch');
  const first = browser ? { word: 'User-Agent', next: 0 } : readWord(directive.text, 0);
  if (directive.key === 'setenvifexpr') return parseExpressionRule(directive, first.word, first.next);
  const ignoreCase = directive.key.endsWith('nocase');
  const second = readWord(directive.text, first.next);
  const test = parseTest(second.word, ignoreCase);
  if ('error' in test)
    return diagnose(directive, 'warning', 'pattern-not-understood', unknownPattern(second.word, test.error));
  const subject = parseSubject(first.word, ignoreCase);
  if ('error' in subject)
    return diagnose(
      directive,
      'warning',
      'pattern-not-understood',
      unknownPattern(first.word, subject.error),
    );
  return { subject, test, variables: parseVariables(directive.text, second.next) };
}

function parseExpressionRule(directive: Directive, text: string, next: number): SetEnvIfRule | Diagnostic {
  const expression = parseExpression(text);
  if ('error' in expression) {
    return diagnose(
      directive,
      'warning',
      'expression-not-understood',
      `Cannot compute "${text}": ${expression.error}`,
    );
  }
  return {
    subject: { kind: 'expression', expression },
    test: undefined,
    variables: parseVariables(directive.text, next),
  };
}

/** The message for a pattern that cannot be translated. */
function unknownPattern(source: string, error: string): string {
  return `Cannot translate the pattern "${source}": ${error}`;
}

function parseSubject(name: string, ignoreCase: boolean): SetEnvIfSubject | { readonly error: string } {
  const lower = name.toLowerCase();
  if (attributes.has(lower)) return { kind: 'attribute', name: lower as RequestAttribute };
  if (/^[-A-Za-z0-9_]*$/.test(name)) return { kind: 'header', name: lower };
  const names = compilePattern(name, ignoreCase);
  return 'error' in names ? names : { kind: 'headers', names };
}

/** mod_setenvif `non_regex_pattern()`: text without special characters is looked for as it is, and `$1` in values stays. */
function parseTest(
  source: string,
  ignoreCase: boolean,
): NonNullable<SetEnvIfRule['test']> | { readonly error: string } {
  const plain = /^(?:\\[.^$|()[\]*+?{}\\]|[^.^$|()[\]*+?{}\\])*$/s.test(source);
  if (!plain) return compilePattern(source, ignoreCase);
  const text = source.replace(/\\(.)/gs, '$1');
  return { text: ignoreCase ? text.toLowerCase() : text, ignoreCase };
}

function parseVariables(text: string, from: number): { name: string; value: string | undefined }[] {
  const variables = new Map<string, { name: string; value: string | undefined }>();
  let at = from;
  for (;;) {
    const { word, next } = readWord(text, at);
    if (word === '') return [...variables.values()];
    at = next;
    const variable = parseVariable(word);
    variables.set(variable.name.toLowerCase(), variable);
  }
}

function parseVariable(word: string): { name: string; value: string | undefined } {
  const equals = word.indexOf('=');
  const name = equals === -1 ? word : word.slice(0, equals);
  const value = equals === -1 ? '' : word.slice(equals + 1);
  if (value !== '') return { name, value: value.startsWith('!') ? undefined : value };
  return name.startsWith('!') ? { name: name.slice(1), value: undefined } : { name, value: '1' };
}
