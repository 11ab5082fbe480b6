/** mod_vhost_alias and mod_userdir: document roots that are made of the host's name or the user's. */
import type { Diagnostic } from '../apache/diagnostic.ts';
import type { Directive } from '../apache/directive.ts';
import { coreForms } from './core-forms.ts';
import { diagnose } from './diagnose.ts';
import { wordsOf } from './word-forms.ts';

/** `VirtualDocumentRoot`, `VirtualScriptAlias` and those by address: `%1`, `%-2.1+` and the like are filled for each request. */
export type VirtualRoot = { readonly by: 'name' | 'address' | 'none'; readonly map: string };

/** The template of such a directive; `none` ends one that is inherited. Undefined where Apache would not start with it. */
export function parseVirtualRoot(directive: Directive): VirtualRoot | undefined {
  const map = wordsOf(coreForms.virtualdocumentroot, directive);
  if (map === undefined) return undefined;
  if (map === 'none') return { by: 'none', map: '' };
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
