/**
 * Apache's phases in their order (httpd `ap_process_request_internal()`), from the path of a target to a handler.
 * Every phase may stop the request.
 */
import { checkAccess, findMethodRule } from './access.ts';
import { findIndex } from './directory.ts';
import { findType, forceByRewrite, overrideType } from './handler.ts';
import { processPath } from './path.ts';
import { redirectByAlias } from './redirect.ts';
import { type PipelineResult, type RequestState, type Stop, stop } from './request-state.ts';
import { rewritePlace } from './rewrite-place.ts';
import { restart, startLookup } from './subrequest.ts';
import { translateName } from './translate.ts';
import { overlayVariables, type VariableTable } from './variable-table.ts';
import { applySetEnv, applySetEnvIf } from './variables.ts';
import { mapToStorage, walkLocationAndIf } from './walk-state.ts';

/** As httpd `AP_DEFAULT_MAX_INTERNAL_REDIRECTS`. */
const maxDepth = 10;

/** Runs all phases for `rawPath`, the undecoded path of the target. */
export function runPipeline(state: RequestState, rawPath: string): PipelineResult {
  if (state.depth > maxDepth) {
    return { state, stop: stop(500, 'redirect_loop', 'Apache would redirect inside without end') };
  }
  const stopped = translate(state, rawPath) ?? enterPlace(state);
  return stopped === undefined ? fixUp(state) : { state, stop: stopped };
}

/** From the target's path to the file and the sections in force. */
function translate(state: RequestState, rawPath: string): Stop | undefined {
  const { host } = state;
  const path = processPath(rawPath, host);
  if ('status' in path)
    return stop(path.status, path.status === 400 ? 'target' : 'encoded_slash', path.message);
  state.uri = path.path;
  state.trace?.({ step: 'path', text: `"${rawPath}" becomes "${path.path}"` });
  state.scope = host.defaults;
  if (host.hasEarlyScopes) walkLocationAndIf(state, false);
  const translated = translateName(state);
  if (translated !== undefined) return translated;
  state.scope = host.defaults;
  const stored = mapToStorage(state);
  if (stored !== undefined) return stored;
  walkLocationAndIf(state, true);
  return undefined;
}

/** Variables of the place are set before anything asks for them, then the door is looked at. */
function enterPlace(state: RequestState): Stop | undefined {
  if (!state.isSubrequest) applySetEnvIf(state, state.scope.setEnvIf);
  const methodRule = findMethodRule(state);
  if (methodRule !== undefined) return stop(405, 'method', methodRule.message);
  state.access = checkAccess(state);
  return state.access.kind === 'denied' ? stop(403, 'forbidden', state.access.rule.message) : undefined;
}

/** httpd's type checkers and fixups, in the order of their hooks. */
function fixUp(state: RequestState): PipelineResult {
  findType(state);
  overrideType(state);
  const rewritten = rewritePlace(state);
  if (rewritten !== undefined && 'status' in rewritten) return { state, stop: rewritten };
  const redirect = redirectByAlias(state, state.scope.redirects);
  if (redirect !== undefined) return { state, stop: redirect };
  applySetEnv(state);
  if (rewritten === undefined) {
    forceByRewrite(state);
    return followFound(findIndex(state, lookUp));
  }
  if (!state.isSubrequest) return runRedirect(state, rewritten.target, undefined);
  // A look-up only notes where the rules lead; who takes it follows.
  state.pendingRedirect = rewritten.target;
  return { state, stop: undefined };
}

/** An index that rules lead elsewhere: the request that took it follows. */
function followFound({ state, stop: stopped }: PipelineResult): PipelineResult {
  const { pendingRedirect } = state;
  if (stopped !== undefined || pendingRedirect === undefined || state.isSubrequest)
    return { state, stop: stopped };
  return runRedirect(state, pendingRedirect, undefined);
}

function lookUp(state: RequestState, uri: string): PipelineResult {
  const subrequest = startLookup(state, uri);
  return runPipeline(subrequest.state, subrequest.rawPath);
}

/** httpd `ap_internal_redirect()`: the request starts over for another path; its variables become `REDIRECT_…`. */
export function runRedirect(
  state: RequestState,
  target: string,
  errorStatus: number | undefined,
): PipelineResult {
  const { state: next, rawPath } = restart(state, target, {
    method: errorStatus === undefined ? state.method : 'GET',
    isSubrequest: state.isSubrequest,
    variables: redirectedVariables(state, errorStatus ?? 200),
    errorStatus: errorStatus ?? state.errorStatus,
  });
  state.trace?.({ step: 'redirect', text: `Apache goes on inside with "${target}"` });
  applySetEnvIf(next, state.host.setEnvIf);
  return runPipeline(next, rawPath);
}

/** httpd `rename_original_env()`, and what `ap_add_common_vars()` says of the request before. */
function redirectedVariables(state: RequestState, status: number): VariableTable {
  const before = overlayVariables(state.variables, state.placeVariables);
  const variables = new Map(
    Array.from(before ?? [], ([key, entry]) => [
      `redirect_${key}`,
      { ...entry, name: `REDIRECT_${entry.name}` },
    ]),
  );
  const facts = {
    STATUS: String(status),
    URL: state.uri,
    ...(state.args === undefined ? {} : { QUERY_STRING: state.args }),
  };
  for (const [name, value] of Object.entries(facts)) {
    variables.set(`redirect_${name.toLowerCase()}`, { name: `REDIRECT_${name}`, value, fromRequest: true });
  }
  return variables;
}
