/** From URL path to file name: mod_rewrite, mod_alias, mod_wsgi and httpd's core, in the order of their hooks. */
import type { Alias } from '../site/alias.ts';
import { absolutePath } from '../site/alias.ts';
import { entriesAbove } from '../site/path-index.ts';
import { substituteGroups } from '../site/regex.ts';
import { aliasLength, hitAlias } from './alias-match.ts';
import { placeBelowRoot } from './document-root.ts';
import { evaluateText } from './expression.ts';
import { redirectByAlias } from './redirect.ts';
import { type RequestState, type Stop, stop } from './request-state.ts';
import { rewriteServer } from './rewrite-server.ts';
import { findScriptAlias } from './script-alias.ts';
import { placeByVirtualRoot } from './virtual-root.ts';

/** Sets the file name, or stops with a redirect or an error. */
export function translateName(state: RequestState): Stop | undefined {
  const rewritten = rewriteServer(state);
  if (rewritten === 'done') return undefined;
  if (rewritten !== undefined) return rewritten;
  const forwarded = forwardByProxy(state);
  if (forwarded !== undefined) return forwarded;
  if (state.uri.startsWith('/') || state.uri === '') {
    const redirect = redirectByAlias(state, candidates(state));
    if (redirect !== undefined) return redirect;
    if (translateByAlias(state) || translateByScriptAlias(state)) return undefined;
  }
  if (placeByVirtualRoot(state)) return undefined;
  if (state.uri.startsWith('/~')) state.unresolved ??= state.host.userFolders;
  return translateByDocumentRoot(state);
}

/** The first `ProxyPass` that takes the path; `!` leaves it to what follows. */
function forwardByProxy({ host, uri }: RequestState): Stop | undefined {
  for (const pass of entriesAbove(host.proxyPasses, uri)) {
    if (hitAlias(pass.match, uri) === undefined && pass.match.kind !== 'unknown') continue;
    if (!pass.isForwarded) return undefined;
    return stop(404, 'not_wsgi', `Apache forwards this by "${pass.title}" before it looks at any mount`);
  }
  return undefined;
}

/** The redirects that can take the path, in order. */
function candidates({ host, uri }: RequestState): readonly Alias[] | undefined {
  return host.redirects.entries.length === 0 ? undefined : entriesAbove(host.redirects, uri);
}

function translateByAlias(state: RequestState): boolean {
  const { locationAlias, aliasPreservePath } = state.scope;
  if (locationAlias !== undefined) {
    let found = evaluateText(state, locationAlias.target);
    const length = aliasPreservePath === true ? aliasLength(state.uri, locationAlias.fake) : 0;
    if (length > 0) {
      state.context = { prefix: locationAlias.fake, root: found };
      found += state.uri.slice(length);
    }
    takeAlias(state, found, locationAlias.handler);
    return true;
  }
  for (const alias of entriesAbove(state.host.fileAliases, state.uri)) {
    const found = aliasTarget(state, alias);
    if (found === undefined) continue;
    takeAlias(state, found, alias.handler);
    const { title, position } = alias;
    state.trace?.({
      step: 'alias',
      text: `${title} comes before every WSGIScriptAlias: "${found}"`,
      position,
    });
    return true;
  }
  return false;
}

function aliasTarget(state: RequestState, alias: Alias): string | undefined {
  if (alias.match.kind === 'unknown') state.unresolved ??= alias.match.rule;
  const hit = hitAlias(alias.match, state.uri);
  if (hit === undefined || alias.real === undefined) return undefined;
  if (hit.groups !== undefined) {
    const target = substituteGroups(alias.real, hit.groups);
    return target === '' ? undefined : target;
  }
  const prefix = alias.match.kind === 'path' ? alias.match.path : '';
  state.context = { prefix, root: alias.real };
  return alias.real + state.uri.slice(hit.length);
}

function takeAlias(state: RequestState, found: string, handler: string | undefined): void {
  state.filename = absolutePath(state.host.serverRoot, found);
  if (handler === undefined) return;
  state.handler = handler;
  state.forcedType = handler;
}

/** mod_wsgi `wsgi_hook_intercept()`: target and rest are joined as they are. */
function translateByScriptAlias(state: RequestState): boolean {
  const found = findScriptAlias(state);
  if (found === undefined) return false;
  state.filename = found.filename;
  state.handler = 'wsgi-script';
  state.forcedType = 'wsgi-script';
  state.scriptAlias = found.alias;
  state.aliasRest = found.rest;
  return true;
}

/** httpd `ap_core_translate()`. */
function translateByDocumentRoot(state: RequestState): Stop | undefined {
  const { uri } = state;
  if (!uri.startsWith('/')) return stop(400, 'target', `The path "${uri}" does not begin with a slash`);
  state.trace?.({ step: 'mount', text: `No alias takes "${uri}": it is a file below DocumentRoot` });
  return placeBelowRoot(state, uri);
}
