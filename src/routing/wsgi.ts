/** mod_wsgi's content handler (`wsgi_hook_handler()`, `wsgi_create_req_config()`, `wsgi_execute_remote()`): checks, names, options. */

import { type HandlerScript, hasOption } from '../site/scope.ts';
import type { WsgiPlace } from '../site/wsgi-place.ts';
import { admit } from './admission.ts';
import { type Dispatched, dispatchNames } from './dispatch.ts';
import { documentRootOf } from './document-root.ts';
import { groupKey } from './group-key.ts';
import { expandCallable } from './group-name.ts';
import { isolationOf } from './isolation.ts';
import { processGroupProblem } from './process-group-access.ts';
import { type ProxyTrust, proxyChanges } from './proxy-headers.ts';
import type { RequestState } from './request-state.ts';
import type { MountOptions, NoRoute, Route, WsgiRoute } from './route.ts';
import { environName, noRoute } from './route-base.ts';
import { overlayVariables, plainVariables } from './variable-table.ts';
import { recallAnswer, rememberAnswer, type WsgiAnswer } from './wsgi-memo.ts';
import {
  describeNames,
  type GroupNames,
  lookUpVariable,
  type RequestFacts,
  requestFacts,
} from './wsgi-names.ts';
import { type WsgiSettings, wsgiSettings } from './wsgi-settings.ts';
import { traceKey, traceNames } from './wsgi-trace.ts';

/** The route of a request for a WSGI application, or why it gets none. */
export function answerByWsgi(state: RequestState, handlerScript: HandlerScript | undefined): Route {
  const refusal = checkScript(state, handlerScript);
  if (refusal !== undefined) return refusal;
  const facts = requestFacts(state);
  const known = handlerScript === undefined ? recallAnswer(state, facts) : undefined;
  const answer = known ?? decide(state, handlerScript, facts);
  return 'kind' in answer ? answer : buildRoute(state, answer, facts);
}

/** Mount, names and switches: all that mod_wsgi decides, or why it refuses. */
function decide(
  state: RequestState,
  handlerScript: HandlerScript | undefined,
  facts: RequestFacts,
): WsgiAnswer | NoRoute {
  const mount = handlerScript?.mount ?? state.scriptAlias?.mount ?? state.handlerMount ?? state.typeMount;
  if (mount === undefined)
    return noRoute(state, 404, 'unresolved', 'No directive is known that makes this a WSGI application');
  const settings = wsgiSettings(state, handlerScript);
  const configured = describeNames(state, settings, facts);
  const dispatched = dispatch(state, settings, configured);
  if (dispatched.kind === 'failed') return noRoute(state, 500, 'dispatch', 'The dispatch script failed');
  if (dispatched.kind === 'unknown') {
    const script = settings.scope.dispatchScript?.value;
    const message = `"${script}" decides on the group: a running sidecar asks it, by groupsFrom: dispatch`;
    return noRoute(state, 404, 'unresolved', message);
  }
  const { names } = dispatched;
  if (state.trace !== undefined) traceNames(state, settings, names);
  const admitted = admit(state, names);
  if ('status' in admitted) return noRoute(state, admitted.status, admitted.reason, admitted.message);
  const blocked = checkProcessGroup(state, settings.scope, admitted.processGroup);
  if (blocked !== undefined) return blocked;
  const { processGroup, applicationGroup, folded } = admitted;
  const script = handlerScript?.script ?? state.filename ?? '';
  const grouped = { names: { processGroup, applicationGroup }, mount, script };
  const identity = isolationOf(state.site, state.host, grouped);
  if (state.trace !== undefined) traceKey(state, identity);
  const answer: WsgiAnswer = {
    mount,
    identity,
    key: groupKey(identity),
    callableObject: dispatched.callableObject ?? callableOf(state, settings),
    options: mountOptions(state, settings),
    trust: trustOf(settings.scope),
    folded,
    handlerScript: handlerScript?.script,
  };
  if (handlerScript === undefined) rememberAnswer(state, { facts, settings, answer });
  return answer;
}

/** Options ExecCGI, the file, AcceptPathInfo: in mod_wsgi's order. */
function checkScript(state: RequestState, handlerScript: HandlerScript | undefined): NoRoute | undefined {
  const filename = state.filename ?? '';
  if (handlerScript === undefined) {
    if (state.forcedType !== 'wsgi-script' && !hasOption(state.scope.options, 'execcgi')) {
      return noRoute(state, 403, 'forbidden', `Options ExecCGI is off where "${filename}" lies`);
    }
    if (state.fileKind === 'missing')
      return noRoute(state, 404, 'not_found', `The script "${filename}" does not exist`);
    if (state.fileKind === 'directory')
      return noRoute(state, 403, 'forbidden', `"${filename}" is a folder, not a script`);
  }
  if (state.acceptPathInfo === 'off' && state.pathInfo !== '') {
    return noRoute(state, 404, 'not_found', `"${filename}" takes no path info (AcceptPathInfo)`);
  }
  return undefined;
}

function callableOf(state: RequestState, { callableObject, isCallableLiteral }: WsgiSettings): string {
  return isCallableLiteral
    ? (callableObject ?? 'application')
    : expandCallable(callableObject, lookUpVariable(state));
}

/** A dispatch script that is not there is passed over. */
function dispatch(state: RequestState, settings: WsgiSettings, names: GroupNames): Dispatched {
  const script = settings.scope.dispatchScript;
  if (script === undefined) return { kind: 'names', names, callableObject: undefined };
  if (state.probe.kind(script.value) !== 'file') {
    state.probe.dispatchMissing?.(script.value);
    return { kind: 'names', names, callableObject: undefined };
  }
  return dispatchNames(state, script, names, callableOf(state, settings));
}

function checkProcessGroup(state: RequestState, scope: WsgiPlace, name: string): NoRoute | undefined {
  const problem = processGroupProblem(state.site, state.host, scope, name);
  return problem === undefined ? undefined : noRoute(state, 500, 'restricted', problem);
}

function buildRoute(state: RequestState, answer: WsgiAnswer, facts: RequestFacts): WsgiRoute {
  const { errorStatus, host } = state;
  const { folded, handlerScript } = answer;
  // Field by field: spreads make objects that are slow to make and slow to read.
  const route: { -readonly [K in keyof WsgiRoute]: WsgiRoute[K] } = {
    kind: 'wsgi',
    virtualHost: host,
    path: state.uri,
    query: state.args ?? '',
    serverName: environName(state),
    serverPort: facts.port,
    mount: answer.mount,
    scriptFilename: state.filename ?? '',
    scriptName: facts.scriptName,
    pathInfo: facts.pathInfo,
    identity: answer.identity,
    key: answer.key,
    callableObject: answer.callableObject,
    documentRoot: documentRootOf(state),
    environment: environmentOf(state),
    options: answer.options,
    access: state.access,
  };
  const environChanges = proxyChanges(state.input, answer.trust);
  if (errorStatus !== undefined) route.errorStatus = errorStatus;
  if (handlerScript !== undefined) route.handlerScript = handlerScript;
  if (environChanges !== undefined) route.environChanges = environChanges;
  if (folded !== undefined) route.folded = folded;
  return route;
}

function trustOf({ trustedProxyHeaders, trustedProxies }: WsgiPlace): ProxyTrust | undefined {
  return trustedProxyHeaders && { headers: trustedProxyHeaders, proxies: trustedProxies };
}

/** The variables that applications see; the same object for the same table. */
function environmentOf({ site, variables, placeVariables }: RequestState): ReadonlyMap<string, string> {
  const table = overlayVariables(variables, placeVariables);
  if (table === undefined) return plainVariables(table);
  let plain = site.memo.plainVariables.get(table);
  if (plain === undefined) {
    plain = plainVariables(table);
    site.memo.plainVariables.set(table, plain);
  }
  return plain;
}

function mountOptions(
  { host, site, scope: place }: RequestState,
  { scope, passAuthorization }: WsgiSettings,
): MountOptions {
  // Before mod_wsgi 6 the default is not what the manual says: HEAD stays HEAD.
  const mapHead = scope.mapHeadToGet ?? (site.options.modWsgiVersion === '6' ? 'auto' : 'off');
  return {
    passAuthorization: passAuthorization || place.cgiPassAuth === true,
    chunkedRequest: scope.chunkedRequest ?? false,
    scriptReloading: scope.scriptReloading ?? true,
    ignoreActivity: scope.ignoreActivity ?? false,
    mapHeadToGet: mapHead !== 'off',
    bodyLimitBytes: place.limitRequestBody,
    serverAdmin: host.serverAdmin,
  };
}
