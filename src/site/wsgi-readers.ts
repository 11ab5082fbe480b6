/** mod_wsgi's directives that may stand in sections; outside sections they make the server's own scope. */

import type { Directive } from '../apache/directive.ts';
import { splitWords } from '../apache/lexer.ts';
import { addMount, type ScopeDraft, type ScopeReader } from './build-context.ts';
import { diagnose } from './diagnose.ts';
import type { HandlerScript, Setting } from './scope.ts';
import { lastOption, type ScriptWords, scriptForms } from './script-words.ts';
import { soleFlag, wordsOf } from './word-forms.ts';
import { wsgiForms } from './wsgi-forms.ts';

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
    const said = wordsOf(wsgiForms.wsgidispatchscript, directive);
    const script = said?.words[0] ?? '';
    const group = said && lastOption(said, 'application-group', true);
    const { position } = directive;
    draft.dispatchScript = {
      value: script,
      position,
      ...(group === undefined ? {} : { applicationGroup: group }),
    };
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
    const names = directive.args.map((name) => `HTTP_${name.toUpperCase().replaceAll('-', '_')}`);
    // Two lines at one place add up (mod_wsgi `wsgi_set_trusted_proxy_headers()`).
    draft.trustedProxyHeaders = [...(draft.trustedProxyHeaders ?? []), ...names];
  },
  wsgitrustedproxies: (draft, directive) => {
    const blocks = wordsOf(wsgiForms.wsgitrustedproxies, directive) ?? [];
    draft.trustedProxies = [...(draft.trustedProxies ?? []), ...blocks];
  },
  wsgihandlerscript: readHandlerScript,
  wsgipassauthorization: booleanReader('passAuthorization'),
  wsgiscriptreloading: booleanReader('scriptReloading'),
  wsgichunkedrequest: booleanReader('chunkedRequest'),
  wsgiignoreactivity: booleanReader('ignoreActivity'),
  wsgimapheadtoget: (draft, directive) => {
    const word = wordsOf(wsgiForms.wsgimapheadtoget, directive);
    if (word !== undefined) draft.mapHeadToGet = word;
  },
};

function booleanReader(
  key: 'passAuthorization' | 'scriptReloading' | 'chunkedRequest' | 'ignoreActivity',
): ScopeReader {
  return (draft, directive) => {
    const value = wordsOf(soleFlag, directive);
    if (value !== undefined) draft[key] = value;
  };
}

/** `WSGIHandlerScript NAME path [options]` (mod_wsgi `wsgi_add_handler_script()`). */
function readHandlerScript(draft: ScopeDraft, directive: Directive, place: Parameters<ScopeReader>[2]): void {
  const reading = scriptForms.wsgihandlerscript(directive);
  if ('fault' in reading) {
    const { message, advice } = reading.fault;
    place.build.diagnostics.push({
      ...diagnose(directive, 'error', 'mount-not-understood', message),
      advice,
    });
    return;
  }
  const [name = '', script = ''] = reading.value.words;
  const { position } = directive;
  const mountPoint = `WSGIHandlerScript ${name}`;
  const mount = addMount(place, { kind: 'handler-script', mountPoint, target: script, position });
  const scripts = new Map(draft.handlerScripts);
  scripts.set(name, { mount, script, ...handlerOptions(reading.value, position) });
  draft.handlerScripts = scripts;
}

function handlerOptions(
  said: ScriptWords,
  position: Setting<string>['position'],
): Omit<HandlerScript, 'mount' | 'script'> {
  const processGroup = lastOption(said, 'process-group', true);
  const applicationGroup = lastOption(said, 'application-group', true);
  const authorization = lastOption(said, 'pass-authorization', false)?.toLowerCase();
  return {
    ...(processGroup === undefined ? {} : { processGroup: { value: processGroup, position } }),
    ...(applicationGroup === undefined ? {} : { applicationGroup: { value: applicationGroup, position } }),
    ...(authorization === undefined ? {} : { passAuthorization: authorization === 'on' }),
  };
}
