/** mod_rewrite's rules outside sections, before every alias (`hook_uri2file()`). */
import type { RewriteRule } from '../site/rewrite.ts';
import { documentRootOf, placeBelowRoot } from './document-root.ts';
import { escapeUri } from './escape.ts';
import { hasModule } from './module.ts';
import { ownUrl } from './redirect.ts';
import { type RequestState, type Stop, stop } from './request-state.ts';
import { applyRules, isAbsoluteUri, type RewriteOutcome } from './rewrite-rules.ts';
import { getVariable, setVariable } from './variable-table.ts';

/** Undefined passes on, perhaps with another path; `done` has set the file name. */
export function rewriteServer(state: RequestState): Stop | 'done' | undefined {
  const { rewrite } = state.host;
  const { rewrite: place } = state.scope;
  if (place?.engine !== true || state.rewriteEnded) return undefined;
  if (place.options?.has('allowanyuri') !== true && !state.uri.startsWith('/')) return undefined;
  setScriptVariables(state);
  if (rewrite === undefined) return undefined;
  state.filename ??= state.uri;
  const outcome = applyRules(state, rewrite, undefined);
  if (outcome.kind === 'changed')
    return takeChange(state, outcome, rewrite.options?.has('unsafeprefixstat') === true);
  return outcome.kind === 'stop' ? outcome.stop : undefined;
}

/** `SCRIPT_URL` and `SCRIPT_URI`. */
function setScriptVariables(state: RequestState): void {
  const url = getVariable(state.variables, 'REDIRECT_SCRIPT_URL') ?? state.uri;
  if (!state.isSubrequest)
    state.variables = setVariable(state.variables, { name: 'SCRIPT_URL', value: url, fromRequest: true });
  const shown = getVariable(state.variables, 'SCRIPT_URL') ?? url;
  const entry = { name: 'SCRIPT_URI', value: ownUrl(state, shown), fromRequest: true };
  state.variables = setVariable(state.variables, entry);
}

type Changed = Extract<RewriteOutcome, { kind: 'changed' }>;

function takeChange(state: RequestState, outcome: Changed, isUnsafe: boolean): Stop | 'done' | undefined {
  if (outcome.isProxied) return proxyStop(state);
  const filename = state.filename ?? '';
  // Behind mod_rewrite's mark of [PT] no URL is seen.
  const absolute = !outcome.isPassThrough && isAbsoluteUri(filename);
  if (state.args !== undefined && (!absolute || outcome.isNoEscape) && hasSpaces(state.args)) {
    return stop(403, 'forbidden', 'The rewritten query holds spaces or control characters');
  }
  if (absolute) return redirectByRewrite(state, outcome);
  if (outcome.isPassThrough) {
    state.uri = filename;
    state.filename = undefined;
    return undefined;
  }
  if (!filename.startsWith('/'))
    return stop(400, 'target', `RewriteRule leads to "${filename}", which is no path`);
  if (isFilePath(state, filename, isUnsafe ? undefined : outcome.lastRule)) return 'done';
  return placeBelowRoot(state, filename) ?? 'done';
}

/** `[P]` needs mod_proxy, which only Apache has. */
export function proxyStop(state: RequestState): Stop {
  if (!hasModule(state, 'proxy_module')) return stop(403, 'forbidden', 'RewriteRule [P] without mod_proxy');
  return stop(404, 'not_wsgi', 'RewriteRule [P] makes Apache forward the request itself');
}

function hasSpaces(text: string): boolean {
  for (let at = 0; at < text.length; at += 1)
    if (text.charCodeAt(at) <= 32 || text.charCodeAt(at) === 127) return true;
  return false;
}

/** The redirect that a rewrite ends in. */
export function redirectByRewrite(state: RequestState, outcome: Changed): Stop {
  const filename = state.filename ?? '';
  let location = outcome.isNoEscape ? filename : escapeAbsolute(filename);
  if (state.args !== undefined) {
    const isOriginal = state.args === originalQuery(state);
    location += `?${outcome.isNoEscape || isOriginal ? state.args : escapeUri(state.args)}`;
  }
  const status = outcome.redirect ?? 302;
  return { status, reason: 'redirect', message: `RewriteRule answers ${status}`, location };
}

function originalQuery({ input }: RequestState): string | undefined {
  const mark = input.target.indexOf('?');
  return mark === -1 ? undefined : input.target.slice(mark + 1);
}

/** mod_rewrite `escape_absolute_uri()`: scheme and host stay. */
function escapeAbsolute(url: string): string {
  const match = /^([a-z][a-z0-9+.-]*:\/\/[^/]*)(.*)$/is.exec(url);
  return match === null ? url : (match[1] as string) + escapeUri(match[2] as string);
}

/** mod_rewrite `prefix_stat()`: a path of the file system rather than one below DocumentRoot. */
function isFilePath(state: RequestState, filename: string, lastRule: RewriteRule | undefined): boolean {
  const first = /^\/[^/]*/.exec(filename)?.[0] ?? '/';
  const kind = state.probe.kind(first);
  if (kind === 'missing' || kind === 'denied') return false;
  if (lastRule === undefined || lastRule.flags.unsafePrefix) return true;
  const output = lastRule.substitution?.[0];
  const isWritten = typeof output === 'string' && output.startsWith(first);
  const roots = [documentRootOf(state), state.context?.root ?? documentRootOf(state)];
  return isWritten || roots.some((root) => filename.startsWith(root));
}
