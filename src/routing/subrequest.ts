/** Requests inside a request: look-ups of other paths, and their result in place of the request (httpd `ap_sub_req_lookup_uri()`). */
import { escapeUri } from './escape.ts';
import type { RequestState } from './request-state.ts';
import { overlayVariables } from './variable-table.ts';

/** A state to run the phases on, and the undecoded path to run them for. */
export type Subrequest = { readonly state: RequestState; readonly rawPath: string };

/** A look-up of `uri`, relative to the folder of the request where it has no slash in front. */
export function startLookup(state: RequestState, uri: string): Subrequest {
  const folder = escapeUri(state.uri.slice(0, state.uri.lastIndexOf('/') + 1));
  return restart(state, uri.startsWith('/') ? uri : folder + uri, {
    method: 'GET',
    isSubrequest: true,
    variables: state.variables,
    errorStatus: state.errorStatus,
  });
}

type Start = Pick<RequestState, 'method' | 'isSubrequest' | 'variables' | 'errorStatus'>;

/** The request from its beginning for another target. */
export function restart(state: RequestState, target: string, start: Start): Subrequest {
  const mark = target.indexOf('?');
  const rawPath = mark === -1 ? target : target.slice(0, mark);
  const fresh: RequestState = {
    ...state,
    ...start,
    uri: rawPath,
    args: mark === -1 ? undefined : target.slice(mark + 1),
    filename: undefined,
    pathInfo: '',
    fileKind: 'missing',
    scope: state.host.defaults,
    handler: undefined,
    contentType: undefined,
    handlerMount: undefined,
    typeMount: undefined,
    scriptAlias: undefined,
    aliasRest: undefined,
    forcedType: undefined,
    acceptPathInfo: 'default',
    access: { kind: 'granted' },
    placeVariables: undefined,
    forced: undefined,
    rewritten: undefined,
    pendingRedirect: undefined,
    context: undefined,
    documentRoot: undefined,
    depth: state.depth + 1,
  };
  return { state: fresh, rawPath };
}

/** httpd `ap_internal_fast_redirect()`: what the look-up found takes the place of the request. */
export function takeLookup(state: RequestState, found: RequestState): RequestState {
  return {
    ...found,
    method: state.method,
    isSubrequest: state.isSubrequest,
    depth: state.depth,
    errorStatus: state.errorStatus,
    scriptAlias: found.scriptAlias ?? state.scriptAlias,
    forcedType: found.forcedType ?? state.forcedType,
    variables: overlayVariables(state.variables, found.variables),
  };
}
