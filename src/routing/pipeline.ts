/**
 * Apache's phases in their order (httpd `ap_process_request_internal()`), from the path of a target to a handler.
 * Every phase may stop the request.
 */
import { findIndex } from './directory.ts';
import { findType, overrideType } from './handler.ts';
import { negotiate } from './negotiate.ts';
import { processPath } from './path.ts';
import { redirectByAlias } from './redirect.ts';
import { type RequestState, type Stop, stop } from './request-state.ts';
import { rewritePlace } from './rewrite.ts';
import { translateName } from './translate.ts';
import { applySetEnv, applySetEnvIf } from './variables.ts';
import { mapToStorage, walkLocationAndIf } from './walk-state.ts';

/** The state at the end, which an index or a rewrite may have replaced, or what stopped the request. */
export type PipelineResult = { readonly state: RequestState; readonly stop: Stop | undefined };

/** As httpd `AP_DEFAULT_MAX_INTERNAL_REDIRECTS`. */
const maxDepth = 10;

/** Runs all phases for `rawPath`, the undecoded path of the target. */
export function runPipeline(state: RequestState, rawPath: string): PipelineResult {
  if (state.depth > maxDepth)
    return { state, stop: stop(500, 'redirect_loop', 'Too many internal redirects') };
  const translated = translate(state, rawPath);
  if (translated !== undefined) return { state, stop: translated };
  applyPlace(state);
  return fixUp(state);
}

/** From the target's path to the file and the sections in force. */
function translate(state: RequestState, rawPath: string): Stop | undefined {
  const { host } = state;
  const path = processPath(rawPath, host);
  if ('status' in path)
    return {
      status: path.status,
      reason: path.status === 400 ? 'bad_target' : 'not_found',
      message: path.message,
    };
  state.uri = path.path;
  state.trace?.({ step: 'path', text: `"${rawPath}" becomes "${path.path}"` });
  state.scope = host.defaults;
  walkLocationAndIf(state, false);
  const translated = translateName(state);
  if (translated !== undefined) return translated;
  state.scope = host.defaults;
  const stored = mapToStorage(state);
  if (stored !== undefined) return stored;
  walkLocationAndIf(state, true);
  return undefined;
}

/** Variables of the place are set before anything asks for them; subrequests have those of their request. */
function applyPlace(state: RequestState): void {
  if (!state.isSubrequest) applySetEnvIf(state, state.scope.setEnvIf);
}

/** httpd's type checkers and fixups, in the order of their hooks. */
function fixUp(state: RequestState): PipelineResult {
  const negotiated = negotiate(state);
  if (negotiated !== undefined) return negotiated;
  findType(state);
  overrideType(state);
  const rewritten = rewritePlace(state);
  if (rewritten !== undefined && rewritten !== 'redirect') return { state, stop: rewritten };
  const redirect = redirectByAlias(state, state.scope.redirects);
  if (redirect !== undefined) return { state, stop: redirect };
  applySetEnv(state);
  if (rewritten === 'redirect') return redirectInternally(state);
  return findIndex(state);
}

/** A rewrite of a place starts over with its result (mod_rewrite's `redirect-handler`). */
function redirectInternally(state: RequestState): PipelineResult {
  const target = state.filename ?? '/';
  return runRedirect(state, target + (state.args === undefined ? '' : `?${state.args}`), undefined);
}

/** httpd `ap_internal_redirect()`: a new request for another path; variables become `REDIRECT_…`. */
export function runRedirect(
  state: RequestState,
  target: string,
  errorStatus: number | undefined,
): PipelineResult {
  const mark = target.indexOf('?');
  const rawPath = mark === -1 ? target : target.slice(0, mark);
  const variables = new Map(
    Array.from(state.variables ?? [], ([key, { name, value }]) => [
      `redirect_${key}`,
      { name: `REDIRECT_${name}`, value },
    ]),
  );
  const next: RequestState = {
    ...state,
    method: errorStatus === undefined ? state.method : 'GET',
    args: mark === -1 ? undefined : target.slice(mark + 1),
    uri: rawPath,
    filename: undefined,
    pathInfo: '',
    fileKind: 'missing',
    handler: undefined,
    contentType: undefined,
    handlerMount: undefined,
    scriptAlias: undefined,
    forcedType: undefined,
    acceptPathInfo: 'default',
    variables,
    depth: state.depth + 1,
    context: undefined,
    errorStatus: errorStatus ?? state.errorStatus,
  };
  applySetEnvIf(next, state.host.setEnvIf);
  state.trace?.({ step: 'redirect', text: `Apache goes on inside with "${target}"` });
  return runPipeline(next, rawPath);
}
