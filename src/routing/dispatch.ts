/**
 * `WSGIDispatchScript` (mod_wsgi `wsgi_execute_dispatch()`): a Python script that may rename the groups of a request.
 * Routing does not run it; where the probe can, it is asked, and what it says is expanded again.
 */
import type { Scope } from '../site/scope.ts';
import { expandCallable, expandName, type NameFacts } from './group-name.ts';
import type { RequestState } from './request-state.ts';
import type { DispatchAnswer } from './route.ts';
import { routeBase } from './route-base.ts';
import { type ExpandedName, type GroupNames, lookUpVariable, scriptNames } from './wsgi-names.ts';

/** The names after the script had its say, or its failure. */
export type Dispatched =
  | { readonly kind: 'names'; readonly names: GroupNames; readonly callableObject: string | undefined }
  | { readonly kind: 'failed' }
  | { readonly kind: 'unknown' };

/** Asks the dispatch script, which exists, about the names. */
export function dispatchNames(
  state: RequestState,
  script: NonNullable<Scope['dispatchScript']>,
  names: GroupNames,
  callableObject: string,
): Dispatched {
  if (state.probe.dispatch === undefined) return { kind: 'unknown' };
  const environ = dispatchEnviron(state, names, callableObject);
  const own = {
    'mod_wsgi.process_group': '',
    'mod_wsgi.application_group': ownGroup(script.applicationGroup, names),
  };
  const seen = new Map([...environ, ...Object.entries(own)]);
  seen.delete('mod_wsgi.callable_object');
  const answer = state.probe.dispatch(script.value, seen);
  if (answer.kind === 'failed') return { kind: 'failed' };
  // A script that cannot be loaded is passed over.
  if (answer.kind === 'not-loaded') return { kind: 'names', names, callableObject: undefined };
  const lookup: NameFacts['lookup'] = (name) =>
    environ.get(name) ?? environ.get(name.toUpperCase()) ?? lookUpVariable(state)(name);
  const expand = (before: ExpandedName, said: string | undefined): ExpandedName =>
    said === undefined
      ? before
      : { template: said, name: expandName(said, { ...names.facts, lookup }), isFromRequest: true };
  const said = answer.callableObject;
  return {
    kind: 'names',
    names: dispatchedNames(names, answer, expand),
    callableObject: said === undefined ? undefined : expandCallable(said, lookup),
  };
}

/** mod_wsgi `wsgi_server_group()`: scripts of the server know only these templates. */
function ownGroup(template: string | undefined, { facts }: GroupNames): string {
  return /^%\{(?:GLOBAL|SERVER|HOST)\}$/.test(template ?? '')
    ? expandName(template ?? '', facts)
    : (template ?? '');
}

function dispatchedNames(
  names: GroupNames,
  { processGroup, applicationGroup }: Extract<DispatchAnswer, { kind: 'names' }>,
  expand: (before: ExpandedName, said: string | undefined) => ExpandedName,
): GroupNames {
  return {
    ...names,
    processGroup: expand(names.processGroup, processGroup),
    applicationGroup: expand(names.applicationGroup, applicationGroup),
  };
}

/** The environ that the script sees, as far as names depend on it. */
function dispatchEnviron(
  state: RequestState,
  names: GroupNames,
  callableObject: string,
): ReadonlyMap<string, string> {
  const { input } = state;
  const environ = new Map<string, string>();
  for (const { name, value } of [
    ...(state.variables?.values() ?? []),
    ...(state.placeVariables?.values() ?? []),
  ]) {
    environ.set(name, value);
  }
  for (let at = 0; at < input.rawHeaders.length; at += 2) {
    const header = input.rawHeaders[at] as string;
    if (/^[A-Za-z0-9-]+$/.test(header))
      environ.set(`HTTP_${header.toUpperCase().replaceAll('-', '_')}`, input.rawHeaders[at + 1] as string);
  }
  const { scriptName, pathInfo } = scriptNames(state);
  const base = routeBase(state);
  const facts = {
    REQUEST_METHOD: state.method,
    REQUEST_URI: input.target,
    QUERY_STRING: base.query,
    SCRIPT_NAME: scriptName,
    PATH_INFO: pathInfo,
    SCRIPT_FILENAME: state.filename ?? '',
    SERVER_NAME: base.serverName,
    SERVER_PORT: String(base.serverPort),
    SERVER_PROTOCOL: `HTTP/1.${input.minorVersion}`,
    REMOTE_ADDR: input.remoteAddress,
    DOCUMENT_ROOT: state.host.documentRoot,
    'mod_wsgi.process_group': names.processGroup.name,
    'mod_wsgi.application_group': names.applicationGroup.name,
    'mod_wsgi.callable_object': callableObject,
  };
  for (const [name, value] of Object.entries(facts)) environ.set(name, value);
  return environ;
}
