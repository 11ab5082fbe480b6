/** mod_dir: the slash of folders, their indexes, and the resource to fall back to (`fixup_dir()`, `fixup_dflt()`). */
import { escapeUri } from './escape.ts';
import { hasModule, isNegotiated } from './module.ts';
import { ownUrl } from './redirect.ts';
import type { PipelineResult, RequestState, Stop } from './request-state.ts';
import { takeLookup } from './subrequest.ts';
import { getVariable } from './variable-table.ts';

/** Runs the phases for another path. */
export type LookUp = (state: RequestState, uri: string) => PipelineResult;

/** The state, with an index or the fallback in its place, or a redirect. */
export function findIndex(state: RequestState, lookUp: LookUp): PipelineResult {
  if (!hasModule(state, 'dir_module')) return { state, stop: undefined };
  if (state.fileKind === 'directory') return openFolder(state, lookUp);
  const { fallbackResource } = state.scope;
  const wantsFallback = fallbackResource !== undefined && fallbackResource.toLowerCase() !== 'disabled';
  if (state.fileKind === 'missing' && state.handler === undefined && wantsFallback && !isNegotiated(state)) {
    return tryFallback(state, fallbackResource, lookUp);
  }
  return { state, stop: undefined };
}

function openFolder(state: RequestState, lookUp: LookUp): PipelineResult {
  const unchanged = { state, stop: undefined };
  if (state.pathInfo !== '') return unchanged;
  if (!state.uri.endsWith('/')) {
    const stop = addSlash(state);
    return stop === undefined ? unchanged : { state, stop };
  }
  if (state.scope.directoryCheckHandler === true && state.handler !== undefined) return unchanged;
  return tryIndexes(state, lookUp);
}

function addSlash(state: RequestState): Stop | undefined {
  if (state.scope.directorySlash === false) return undefined;
  const isGet = state.method === 'GET' || state.method === 'HEAD';
  if (!isGet && getVariable(state.variables, 'redirect-carefully') !== undefined) return undefined;
  const query = state.args === undefined ? '' : `?${state.args}`;
  const location = ownUrl(state, `${escapeUri(state.uri)}/${query}`);
  return { status: 301, reason: 'redirect', message: 'A folder is asked for with a slash', location };
}

function tryIndexes(state: RequestState, lookUp: LookUp): PipelineResult {
  const names = state.scope.directoryIndex ?? ['index.html'];
  let failure: Stop | undefined;
  for (const name of names) {
    const found = lookUp(state, state.args === undefined ? name : `${name}?${state.args}`);
    state.unresolved ??= found.state.unresolved;
    if (found.stop === undefined && found.state.fileKind === 'file') return takeIndex(state, found.state);
    const status = found.stop?.status ?? 404;
    if (found.stop !== undefined && status >= 300 && status < 400) return { state, stop: found.stop };
    if (found.stop !== undefined && status !== 404 && status !== 200) failure = found.stop;
  }
  return { state, stop: failure };
}

function takeIndex(state: RequestState, found: RequestState): PipelineResult {
  const status = state.scope.directoryIndexRedirect;
  if (typeof status === 'number') {
    const message = 'The index of a folder is asked for by its own name (DirectoryIndexRedirect)';
    return { state, stop: { status, reason: 'redirect', message, location: ownUrl(state, found.uri) } };
  }
  state.trace?.({ step: 'index', text: `The index "${found.filename}" answers for the folder` });
  return { state: takeLookup(state, found), stop: undefined };
}

function tryFallback(state: RequestState, resource: string, lookUp: LookUp): PipelineResult {
  const found = lookUp(state, state.args === undefined ? resource : `${resource}?${state.args}`);
  state.unresolved ??= found.state.unresolved;
  if (found.stop === undefined && found.state.fileKind === 'file') {
    state.trace?.({
      step: 'index',
      text: `The fallback "${found.state.filename}" answers for what does not exist`,
    });
    return { state: takeLookup(state, found.state), stop: undefined };
  }
  const isFailure = found.stop !== undefined && found.stop.status !== 404 && found.stop.status !== 200;
  return { state, stop: isFailure ? found.stop : undefined };
}
