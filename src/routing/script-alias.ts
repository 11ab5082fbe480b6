/** Which `WSGIScriptAlias` takes a path (mod_wsgi `wsgi_hook_intercept()`): the first in order, never the longest. */
import type { ScriptAlias } from '../site/alias.ts';
import { entriesAbove } from '../site/path-index.ts';
import { substituteGroups } from '../site/regex.ts';
import { hitAlias } from './alias-match.ts';
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
  const { entries, index } = host.scriptAliases;
  for (const at of entriesAbove(index, uri)) {
    const alias = entries[at] as ScriptAlias;
    if (alias.match.kind === 'unknown') state.unresolved ??= alias.match.rule;
    const hit = hitAlias(alias.match, uri);
    if (hit === undefined || hit.length === 0) continue;
    const target = hit.groups === undefined ? alias.target : substituteGroups(alias.target, hit.groups);
    const location = alias.match.kind === 'path' ? alias.match.path : uri.slice(0, hit.length);
    const rest = location === '/' ? uri : uri.slice(hit.length);
    const filename = target + rest;
    if (state.trace !== undefined) traceAlias(state, at, filename);
    return { alias, filename, rest: target === alias.target ? rest : undefined };
  }
  return undefined;
}

function traceAlias(state: RequestState, at: number, filename: string): void {
  const { entries, index } = state.host.scriptAliases;
  const { mount } = entries[at] as ScriptAlias;
  const text = `Mount "${mount.id}" takes "${state.uri}": "${filename}"`;
  state.trace?.({ step: 'mount', text, position: mount.position });
  for (const later of entriesAbove(index, state.uri)) {
    const other = entries[later] as ScriptAlias;
    if (later <= at || hitAlias(other.match, state.uri) === undefined) continue;
    const lost = `Mount "${other.mount.id}" would take it too, but comes later`;
    state.trace?.({ step: 'mount', text: lost, position: other.mount.position });
  }
}
