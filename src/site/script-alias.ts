/** `WSGIScriptAlias` and `WSGIScriptAliasMatch` (mod_wsgi `wsgi_add_script_alias()`). */
import { ownText } from '../apache/bytes.ts';
import type { Directive } from '../apache/directive.ts';
import { aliasMatch, type ScriptAlias } from './alias.ts';
import { addMount, type PlaceContext } from './build-context.ts';
import { diagnose } from './diagnose.ts';
import type { AliasMemo } from './memo.ts';
import type { Setting } from './scope.ts';
import { lastOption, type ScriptWords, scriptForms } from './script-words.ts';

/** The alias, or undefined after saying what is wrong with it. */
export function parseScriptAlias(directive: Directive, place: PlaceContext): ScriptAlias | undefined {
  const reading = scriptForms.wsgiscriptalias(directive);
  if ('fault' in reading) {
    const { message, advice } = reading.fault;
    const finding = diagnose(directive, 'error', 'mount-not-understood', message);
    place.build.diagnostics.push({ ...finding, advice });
    return undefined;
  }
  const [location = '', target = ''] = reading.value.words;
  const isPattern = directive.key === 'wsgiscriptaliasmatch';
  const match = aliasMatch(directive, ownText(location), isPattern);
  if (match.kind === 'unknown') place.build.diagnostics.push(match.rule);
  const kind = isPattern ? 'alias-match' : 'alias';
  const { position } = directive;
  const mount = addMount(place, { kind, mountPoint: location, target: target, position });
  const isBounded = !isPattern || /\$\d/.test(target) || isFinitePattern(location);
  const settings = readOptions(reading.value, position);
  // Field by field, what each request reads first: a spread would put them in a place of their own.
  return {
    path: match.kind === 'path' ? match.path : undefined,
    target: ownText(target),
    isPlainTarget: /^\/.*[^/]$/s.test(target) && !/\/[/.]/.test(target),
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

function readOptions(
  said: ScriptWords,
  position: Setting<string>['position'],
): Omit<
  ScriptAlias,
  'mount' | 'match' | 'path' | 'target' | 'isPlainTarget' | 'isBounded' | keyof AliasMemo
> {
  const group = (key: string): Setting<string> | undefined => {
    const value = lastOption(said, key, true);
    return value === undefined ? undefined : { value, position };
  };
  const authorization = lastOption(said, 'pass-authorization', false)?.toLowerCase();
  return {
    processGroup: group('process-group'),
    applicationGroup: group('application-group'),
    callableObject: lastOption(said, 'callable-object', false),
    passAuthorization: authorization === undefined ? undefined : authorization === 'on',
  };
}
