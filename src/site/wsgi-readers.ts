/** mod_wsgi's directives that may stand in sections; outside sections they make the server's own scope. */

import type { Directive } from '../apache/directive.ts';
import { readWord, splitWords } from '../apache/lexer.ts';
import { parseOptions } from '../apache/options.ts';
import { parseBlock } from './address-block.ts';
import { addMount, flag, type ScopeDraft, type ScopeReader } from './build-context.ts';
import { diagnose } from './diagnose.ts';
import type { HandlerScript, Setting } from './scope.ts';

function setting(directive: Directive): Setting<string> {
  return { value: directive.args[0] ?? '', position: directive.position };
}

/** By lower-case name. */
export const wsgiReaders: Readonly<Record<string, ScopeReader>> = {
  wsgiprocessgroup: (draft, directive) => {
    draft.processGroup = setting(directive);
  },
  wsgiapplicationgroup: (draft, directive) => {
    draft.applicationGroup = setting(directive);
  },
  wsgicallableobject: (draft, directive) => {
    draft.callableObject = setting(directive);
  },
  wsgidispatchscript: (draft, directive, place) => {
    const { word: script, next } = readWord(directive.text);
    const { position } = directive;
    const { applicationGroup } = handlerOptions(parseOptions(directive.text, next) ?? [], position);
    const inGroup = applicationGroup === undefined ? {} : { applicationGroup: applicationGroup.value };
    draft.dispatchScript = { value: script, position, ...inGroup };
    const message = `"${script}" decides in Python which group each request goes to, so that the configuration does not tell`;
    const advice =
      'Set "groupsFrom: dispatch" to have it asked, leave the mounts that it covers to Apache, or name their groups in the configuration';
    place.build.diagnostics.push({ ...diagnose(directive, 'error', 'dispatch-script', message), advice });
  },
  wsgirestrictprocess: (draft, directive) => {
    const names = splitWords(directive.text).map((name) => (name === '%{GLOBAL}' ? '' : name.toLowerCase()));
    draft.restrictProcess = { value: new Set(names), position: directive.position };
  },
  wsgitrustedproxyheaders: (draft, directive) => {
    draft.trustedProxyHeaders = directive.args.map(
      (name) => `HTTP_${name.toUpperCase().replaceAll('-', '_')}`,
    );
  },
  wsgitrustedproxies: (draft, directive) => {
    draft.trustedProxies = directive.args.map(parseBlock).filter((block) => block !== undefined);
  },
  wsgihandlerscript: readHandlerScript,
  wsgipassauthorization: booleanReader('passAuthorization'),
  wsgiscriptreloading: booleanReader('scriptReloading'),
  wsgichunkedrequest: booleanReader('chunkedRequest'),
  wsgiignoreactivity: booleanReader('ignoreActivity'),
  wsgimapheadtoget: (draft, directive) => {
    const word = directive.args[0]?.toLowerCase();
    if (word === 'off' || word === 'on' || word === 'auto') draft.mapHeadToGet = word;
  },
};

function booleanReader(
  key: 'passAuthorization' | 'scriptReloading' | 'chunkedRequest' | 'ignoreActivity',
): ScopeReader {
  return (draft, directive) => {
    const value = flag(directive);
    if (value !== undefined) draft[key] = value;
  };
}

/** `WSGIHandlerScript NAME path [options]` (mod_wsgi `wsgi_add_handler_script()`). */
function readHandlerScript(draft: ScopeDraft, directive: Directive, place: Parameters<ScopeReader>[2]): void {
  const name = readWord(directive.text);
  const script = readWord(directive.text, name.next);
  const options = parseOptions(directive.text, script.next);
  if (script.word === '' || options === undefined) {
    const message = 'The handler script needs a name, a file and options of the form name=value';
    place.build.diagnostics.push(diagnose(directive, 'error', 'mount-not-understood', message));
    return;
  }
  const { position } = directive;
  const mountPoint = `WSGIHandlerScript ${name.word}`;
  const mount = addMount(place, { kind: 'handler-script', mountPoint, target: script.word, position });
  const scripts = new Map(draft.handlerScripts);
  scripts.set(name.word, { mount, script: script.word, ...handlerOptions(options, position) });
  draft.handlerScripts = scripts;
}

function handlerOptions(
  options: readonly (readonly [string, string])[],
  position: Setting<string>['position'],
): Omit<HandlerScript, 'mount' | 'script'> {
  const group = (key: string): Setting<string> | undefined => {
    const found = options.findLast(([name]) => name === key);
    if (found === undefined) return undefined;
    return { value: found[1] === '%{GLOBAL}' ? '' : found[1], position };
  };
  const processGroup = group('process-group');
  const applicationGroup = group('application-group');
  const authorization = options.findLast(([name]) => name === 'pass-authorization')?.[1].toLowerCase();
  return {
    ...(processGroup === undefined ? {} : { processGroup }),
    ...(applicationGroup === undefined ? {} : { applicationGroup }),
    ...(authorization === undefined ? {} : { passAuthorization: authorization === 'on' }),
  };
}
