/** Which `WSGIScriptAlias` takes a path (mod_wsgi `wsgi_hook_intercept()`): the first in order, never the longest. */
import type { ScriptAlias } from '../site/alias.ts';
import { entriesAbove } from '../site/path-index.ts';
import { substituteGroups } from '../site/regex.ts';
import { aliasLength, hitAlias } from './alias-match.ts';
import type { RequestState } from './request-state.ts';

/** The alias and the file name that it makes. */
export type ScriptAliasHit = {
  readonly alias: ScriptAlias;
  readonly filename: string;
  /** What follows the target in the file name, where that is the target as it stands. */
  readonly rest: string | undefined;
};

/** The first alias that takes the path; the virtual host's own come before the main server's. */
export function findScriptAlias(state: RequestState): ScriptAliasHit | undefined {
  const { uri, host } = state;
  for (const alias of entriesAbove(host.scriptAliases, uri)) {
    const hit = alias.path === undefined ? hitByPattern(state, alias) : hitByPath(alias, alias.path, uri);
    if (hit === undefined) continue;
    if (state.trace !== undefined) traceAlias(state, alias, hit.filename);
    return hit;
  }
  return undefined;
}

function hitByPath(alias: ScriptAlias, path: string, uri: string): ScriptAliasHit | undefined {
  const length = aliasLength(uri, path);
  if (length === 0) return undefined;
  const rest = path === '/' ? uri : uri.slice(length);
  return { alias, filename: alias.target + rest, rest };
}

function hitByPattern(state: RequestState, alias: ScriptAlias): ScriptAliasHit | undefined {
  if (alias.match.kind === 'unknown') state.unresolved ??= alias.match.rule;
  const hit = hitAlias(alias.match, state.uri);
  if (hit === undefined || hit.length === 0) return undefined;
  const target = hit.groups === undefined ? alias.target : substituteGroups(alias.target, hit.groups);
  const rest = hit.length === 1 && state.uri.startsWith('/') ? state.uri : state.uri.slice(hit.length);
  return { alias, filename: target + rest, rest: target === alias.target ? rest : undefined };
}

function traceAlias(state: RequestState, { mount }: ScriptAlias, filename: string): void {
  const text = `Mount "${mount.id}" takes "${state.uri}": "${filename}"`;
  state.trace?.({ step: 'mount', text, position: mount.position });
  const asked = entriesAbove(state.host.scriptAliases, state.uri);
  for (const other of asked.slice(asked.findIndex((each) => each.mount === mount) + 1)) {
    if (hitAlias(other.match, state.uri) === undefined) continue;
    const lost = `Mount "${other.mount.id}" would take it too, but comes later`;
    state.trace?.({ step: 'mount', text: lost, position: other.mount.position });
  }
}
