/** mod_vhost_alias and mod_userdir: document roots that are made of the host's name or the user's. */
import type { Diagnostic } from '../apache/diagnostic.ts';
import type { Directive } from '../apache/directive.ts';
import { diagnose } from './diagnose.ts';

/** `VirtualDocumentRoot`, `VirtualScriptAlias` and those by address: `%1`, `%-2.1+` and the like are filled for each request. */
export type VirtualRoot = { readonly by: 'name' | 'address' | 'none'; readonly map: string };

/** The template of such a directive; `none` ends one that is inherited. */
export function parseVirtualRoot(directive: Directive): VirtualRoot {
  const map = directive.args[0] ?? '';
  if (map.toLowerCase() === 'none') return { by: 'none', map: '' };
  return { by: directive.key.endsWith('ip') ? 'address' : 'name', map };
}

/** What `UserDir` leaves unknown, or undefined where it maps nobody. */
export function parseUserDir(directive: Directive): Diagnostic | undefined {
  const word = directive.args[0]?.toLowerCase();
  if (word === 'disabled' || word === 'enabled') return undefined;
  const message = `"${directive.name} ${directive.text}" leads paths that begin with "/~" to folders of users, which the sidecar does not look up`;
  const advice = 'Such requests are unresolved, unless an alias takes them';
  return { ...diagnose(directive, 'warning', 'user-folders', message), advice };
}
