/** `WSGIScriptAlias` and `WSGIScriptAliasMatch` (mod_wsgi `wsgi_add_script_alias()`). */
import { ownText } from '../apache/bytes.ts';
import type { Directive } from '../apache/directive.ts';
import { readWord } from '../apache/lexer.ts';
import { parseOptions } from '../apache/options.ts';
import { nearest } from '../nearest.ts';
import { aliasMatch, type ScriptAlias } from './alias.ts';
import { addMount, type PlaceContext } from './build-context.ts';
import { diagnose } from './diagnose.ts';
import type { AliasMemo } from './memo.ts';
import type { Setting } from './scope.ts';

/** The alias, or undefined after saying what is wrong with it. */
export function parseScriptAlias(directive: Directive, place: PlaceContext): ScriptAlias | undefined {
  const location = readWord(directive.text);
  const target = readWord(directive.text, location.next);
  const options = parseOptions(directive.text, target.next);
  const problem = target.word === '' ? 'it needs a URL path and a script' : optionProblem(options);
  if (problem !== undefined || options === undefined) {
    const message = `The mount is not understood: ${problem}`;
    place.build.diagnostics.push(diagnose(directive, 'error', 'mount-not-understood', message));
    return undefined;
  }
  const isPattern = directive.key === 'wsgiscriptaliasmatch';
  const match = aliasMatch(directive, ownText(location.word), isPattern);
  if (match.kind === 'unknown') place.build.diagnostics.push(match.rule);
  const kind = isPattern ? 'alias-match' : 'alias';
  const { position } = directive;
  const mount = addMount(place, { kind, mountPoint: location.word, target: target.word, position });
  const isBounded = !isPattern || /\$\d/.test(target.word) || isFinitePattern(location.word);
  const settings = readOptions(options, position);
  // Field by field, what each request reads first: a spread would put them in a place of their own.
  return {
    path: match.kind === 'path' ? match.path : undefined,
    target: ownText(target.word),
    isPlainTarget: /^\/.*[^/]$/s.test(target.word) && !/\/[/.]/.test(target.word),
    knownHost: undefined,
    knownScope: undefined,
    knownAnswer: undefined,
    match,
    mount,
    isBounded,
    processGroup: settings.processGroup,
    applicationGroup: settings.applicationGroup,
    callableObject: settings.callableObject,
    passAuthorization: settings.passAuthorization,
  };
}

/** Whether a pattern has no part that any text can fill; alternatives and single digits are finite. */
function isFinitePattern(source: string): boolean {
  const plain = source.replace(/\\[^wWDSdshv]/g, '').replace(/\(\?[=!<][^)]*\)/g, '');
  return !/[*+.{]|\[\^|\\[wWDS]/.test(plain);
}

const known: ReadonlySet<string> = new Set([
  'application-group',
  'process-group',
  'callable-object',
  'pass-authorization',
]);

function optionProblem(options: readonly (readonly [string, string])[] | undefined): string | undefined {
  if (options === undefined) return 'options have the form name=value';
  for (const [name, value] of options) {
    if (!known.has(name)) {
      const meant = nearest(name, [...known]);
      const next = meant === undefined ? `it knows ${[...known].join(', ')}` : `did you mean "${meant}"?`;
      return `"${name}" is no option of a script alias: ${next}`;
    }
    if (value === '') return `"${name}" has no value`;
    if (name === 'pass-authorization' && !/^(?:on|off)$/i.test(value)) return `"${name}" is On or Off`;
  }
  return undefined;
}

function readOptions(
  options: readonly (readonly [string, string])[],
  position: Setting<string>['position'],
): Omit<
  ScriptAlias,
  'mount' | 'match' | 'path' | 'target' | 'isPlainTarget' | 'isBounded' | keyof AliasMemo
> {
  const last = (key: string): string | undefined => options.findLast(([name]) => name === key)?.[1];
  const group = (key: string): Setting<string> | undefined => {
    const value = last(key);
    return value === undefined ? undefined : { value: value === '%{GLOBAL}' ? '' : value, position };
  };
  const authorization = last('pass-authorization')?.toLowerCase();
  return {
    processGroup: group('process-group'),
    applicationGroup: group('application-group'),
    callableObject: last('callable-object'),
    passAuthorization: authorization === undefined ? undefined : authorization === 'on',
  };
}
