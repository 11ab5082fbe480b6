/** The names of a request's group. */
import {
  environmentVariable,
  expandName,
  foldScriptName,
  type NameFacts,
  scriptNameOf,
} from './group-name.ts';
import { mergeSlashes } from './path.ts';
import type { RequestState } from './request-state.ts';
import { serverPort } from './server-port.ts';
import { getVariable } from './variable-table.ts';
import type { WsgiSettings } from './wsgi-settings.ts';

/** What the environ says of a request, and names are made of. */
export type RequestFacts = {
  readonly scriptName: string;
  readonly pathInfo: string;
  /** SERVER_PORT. */
  readonly port: number;
};

/** SCRIPT_NAME, PATH_INFO and SERVER_PORT as the environ has them. */
export function requestFacts(state: RequestState): RequestFacts {
  const { uri, pathInfo, host, scope, hostname, requestPort } = state;
  const { localPort } = state.input;
  return {
    scriptName: scriptNameOf(uri, pathInfo),
    pathInfo: mergeSlashes(pathInfo),
    port: serverPort({ host, scope, hostname, requestPort, localPort }),
  };
}

/** A name, its template, and where both come from. */
export type ExpandedName = {
  readonly template: string;
  readonly name: string;
  /** Whether a value that the client sends is part of the name. */
  readonly isFromRequest: boolean;
};

/** Both names of a request, with what they were made of. */
export type GroupNames = {
  readonly processGroup: ExpandedName;
  readonly applicationGroup: ExpandedName;
  /** Both names again with another port, for folding. */
  readonly withPort: (port: number) => { readonly processGroup: string; readonly applicationGroup: string };
  readonly port: number;
  readonly facts: NameFacts;
};

/** `%{ENV:name}`: notes of mod_wsgi, then the request's variables, then Apache's environment. */
export function lookUpVariable(state: RequestState): (name: string) => string | undefined {
  return (name) =>
    noteValue(state, name.toLowerCase()) ??
    getVariable(state.variables, name) ??
    getVariable(state.placeVariables, name) ??
    state.site.options.environment[name];
}

/** The notes that `wsgi_hook_intercept()` leaves. */
function noteValue({ scriptAlias, forcedType }: RequestState, name: string): string | undefined {
  switch (name) {
    case 'alias-forced-type':
      return forcedType;
    case 'mod_wsgi.process_group':
      return scriptAlias?.processGroup?.value;
    case 'mod_wsgi.application_group':
      return scriptAlias?.applicationGroup?.value;
    case 'mod_wsgi.callable_object':
      return scriptAlias?.callableObject;
    case 'mod_wsgi.pass_authorization':
      return scriptAlias?.passAuthorization === undefined
        ? undefined
        : scriptAlias.passAuthorization
          ? '1'
          : '0';
    default:
      return undefined;
  }
}

/** Expands the templates in force. */
export function describeNames(
  state: RequestState,
  settings: WsgiSettings,
  { scriptName, port }: RequestFacts,
): GroupNames {
  const { host, hostname, site } = state;
  const isFolded = site.options.modWsgiVersion !== '6' || !site.python.caseSensitive;
  const facts: NameFacts = {
    serverName: host.serverName,
    hostname,
    port,
    scriptKey: foldScriptName(scriptName, isFolded),
    lookup: lookUpVariable(state),
  };
  const processTemplate = settings.processGroup?.value ?? '';
  const applicationTemplate = settings.applicationGroup?.value ?? '%{RESOURCE}';
  const expand = (template: string): ExpandedName => ({
    template,
    name: expandName(template, facts),
    isFromRequest: isFromRequest(state, template),
  });
  return {
    processGroup: expand(processTemplate),
    applicationGroup: expand(applicationTemplate),
    withPort: (other) => ({
      processGroup: expandName(processTemplate, { ...facts, port: other }),
      applicationGroup: expandName(applicationTemplate, { ...facts, port: other }),
    }),
    port,
    facts,
  };
}

/** Whether a text that the client chose is part of what a template makes; ports are judged by admission. */
export function isFromRequest(state: RequestState, template: string): boolean {
  if (template === '%{HOST}')
    return state.hostname !== undefined && !state.host.declaredNames.has(state.hostname);
  if (template === '%{RESOURCE}') return isPathFromRequest(state);
  const variable = environmentVariable(template);
  if (variable === undefined) return false;
  if (state.variables?.get(variable.toLowerCase())?.fromRequest === true) return true;
  const value = lookUpVariable(state)(variable);
  return value?.startsWith('%{') === true && !value.startsWith('%{ENV:') && isFromRequest(state, value);
}

/** Whether SCRIPT_NAME can be anything: an unbounded pattern in front of one script, a handler script without a file. */
function isPathFromRequest({ scriptAlias, fileKind }: RequestState): boolean {
  if (fileKind === 'missing') return true;
  return scriptAlias?.match.kind === 'pattern' && !scriptAlias.isBounded;
}
