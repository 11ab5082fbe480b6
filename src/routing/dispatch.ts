/**
 * `WSGIDispatchScript` (mod_wsgi `wsgi_execute_dispatch()`): a Python script that may rename the groups of a request.
 * Routing does not run it; where the probe can, it is asked, and what it says is expanded again.
 */

import type { Scope } from '../site/scope.ts';
import { documentRootOf } from './document-root.ts';
import { environmentVariable, expandCallable, expandName, type NameFacts } from './group-name.ts';
import type { RequestState } from './request-state.ts';
import type { DispatchAnswer } from './route.ts';
import { routeBase } from './route-base.ts';
import {
  type ExpandedName,
  type GroupNames,
  isFromRequest,
  lookUpVariable,
  requestFacts,
} from './wsgi-names.ts';

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
  const ofRequest = requestEnviron(state, names, callableObject);
  const environ = new Map([...variableEnviron(state), ...ofRequest]);
  const own = {
    'mod_wsgi.process_group': '',
    'mod_wsgi.application_group': ownGroup(script.applicationGroup, names),
  };
  const seen = new Map([...environ, ...Object.entries(own)]);
  seen.delete('mod_wsgi.callable_object');
  const { value, applicationGroup = '' } = script;
  const answer = state.probe.dispatch({ script: value, applicationGroup, environ: seen });
  if (answer.kind === 'failed') return { kind: 'failed' };
  if (answer.kind === 'not-asked') return { kind: 'unknown' };
  // A script that cannot be loaded is passed over.
  if (answer.kind === 'not-loaded') return { kind: 'names', names, callableObject: undefined };
  const lookup: NameFacts['lookup'] = (name) =>
    environ.get(name) ?? environ.get(name.toUpperCase()) ?? lookUpVariable(state)(name);
  const facts = { ...names.facts, lookup };
  // What the script says of itself is the operator's word; what it says to take from the request is the client's.
  const fromRequest = (template: string): boolean => {
    const variable = environmentVariable(template) ?? '';
    const isOwn = ofRequest.has(variable) || ofRequest.has(variable.toUpperCase());
    return isOwn || isFromRequest(state, template);
  };
  const said = answer.callableObject;
  return {
    kind: 'names',
    names: dispatchedNames(names, answer, { facts, fromRequest }),
    callableObject: said === undefined ? undefined : expandCallable(said, lookup),
  };
}

/** mod_wsgi `wsgi_server_group()`: scripts of the server know only these templates. */
function ownGroup(template: string | undefined, { facts }: GroupNames): string {
  return /^%\{(?:GLOBAL|SERVER|HOST)\}$/.test(template ?? '')
    ? expandName(template ?? '', facts)
    : (template ?? '');
}

type Expansion = { readonly facts: NameFacts; readonly fromRequest: (template: string) => boolean };

function dispatchedNames(
  names: GroupNames,
  { processGroup, applicationGroup }: Extract<DispatchAnswer, { kind: 'names' }>,
  { facts, fromRequest }: Expansion,
): GroupNames {
  const expand = (before: ExpandedName, said: string | undefined): ExpandedName =>
    said === undefined
      ? before
      : { template: said, name: expandName(said, facts), isFromRequest: fromRequest(said) };
  return {
    ...names,
    processGroup: expand(names.processGroup, processGroup),
    applicationGroup: expand(names.applicationGroup, applicationGroup),
    withPort: (port) => {
      const other = names.withPort(port);
      const again = (before: string, said: string | undefined): string =>
        said === undefined ? before : expandName(said, { ...facts, port });
      return {
        processGroup: again(other.processGroup, processGroup),
        applicationGroup: again(other.applicationGroup, applicationGroup),
      };
    },
  };
}

function variableEnviron(state: RequestState): [string, string][] {
  const variables = [...(state.variables?.values() ?? []), ...(state.placeVariables?.values() ?? [])];
  return variables.map(({ name, value }) => [name, value]);
}

/** Headers that no environ has (httpd `ap_add_common_vars()`), or not under their own name. */
const hiddenHeaders: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization', 'proxy']);
const bareHeaders: ReadonlySet<string> = new Set(['CONTENT_TYPE', 'CONTENT_LENGTH']);

function setHeaders(environ: Map<string, string>, rawHeaders: readonly string[]): void {
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const header = rawHeaders[at] as string;
    if (!/^[A-Za-z0-9-]+$/.test(header) || hiddenHeaders.has(header.toLowerCase())) continue;
    const bare = header.toUpperCase().replaceAll('-', '_');
    const name = bareHeaders.has(bare) ? bare : `HTTP_${bare}`;
    const before = environ.get(name);
    const value = rawHeaders[at + 1] as string;
    environ.set(name, before === undefined ? value : `${before}, ${value}`);
  }
}

/** What the script sees of the request, as far as names depend on it. */
function requestEnviron(
  state: RequestState,
  names: GroupNames,
  callableObject: string,
): ReadonlyMap<string, string> {
  const { input } = state;
  const environ = new Map<string, string>();
  setHeaders(environ, input.rawHeaders);
  const { scriptName, pathInfo } = requestFacts(state);
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
    DOCUMENT_ROOT: documentRootOf(state),
    'mod_wsgi.process_group': names.processGroup.name,
    'mod_wsgi.application_group': names.applicationGroup.name,
    'mod_wsgi.callable_object': callableObject,
  };
  for (const [name, value] of Object.entries(facts)) environ.set(name, value);
  return environ;
}
