/** Directives of mod_env, mod_setenvif and mod_alias that may stand in sections. */
import { type Alias, type LocationAlias, parseLocationAlias, parseRedirect } from './alias.ts';
import type { ScopeDraft, ScopeReader } from './build-context.ts';
import { coreForms } from './core-forms.ts';
import { parseSetEnvIf } from './set-env-if.ts';
import { wordsOf } from './word-forms.ts';

const readSetEnvIf: ScopeReader = (draft, directive, place) => {
  const rule = parseSetEnvIf(directive);
  if ('severity' in rule) {
    place.build.diagnostics.push(rule);
    draft.unresolved = [...(draft.unresolved ?? []), rule];
  } else draft.setEnvIf = [...(draft.setEnvIf ?? []), rule];
};

const readRedirect: ScopeReader = (draft, directive, place) => {
  const redirect = parseRedirect(directive, place.path !== undefined);
  if ('severity' in redirect) place.build.diagnostics.push(redirect);
  else if ('match' in redirect) draft.redirects = [...(draft.redirects ?? []), redirect satisfies Alias];
  else draft.locationRedirect = redirect;
};

const readAlias: ScopeReader = (draft, directive, place) => {
  const alias: LocationAlias | { readonly severity: unknown } = parseLocationAlias(
    directive,
    place.path ?? '',
  );
  if ('target' in alias) draft.locationAlias = alias;
  else place.build.diagnostics.push(alias as never);
};

/** By lower-case name. */
export const envReaders: Readonly<Record<string, ScopeReader>> = {
  setenv: (draft, directive) => setVariable(draft, directive.args[0] ?? '', directive.args[1] ?? ''),
  passenv: (draft, directive, place) => {
    for (const name of directive.args) {
      const value = place.build.options.environment[name];
      if (value !== undefined) setVariable(draft, name, value);
    }
  },
  unsetenv: (draft, directive) => {
    const names = directive.args.map((name) => name.toLowerCase());
    draft.unsetVariables = [...(draft.unsetVariables ?? []), ...names];
    const variables = new Map(draft.variables);
    for (const name of names) variables.delete(name);
    draft.variables = variables;
  },
  setenvif: readSetEnvIf,
  setenvifnocase: readSetEnvIf,
  setenvifexpr: readSetEnvIf,
  browsermatch: readSetEnvIf,
  browsermatchnocase: readSetEnvIf,
  redirect: readRedirect,
  redirectmatch: readRedirect,
  redirecttemp: readRedirect,
  redirectpermanent: readRedirect,
  alias: readAlias,
  scriptalias: readAlias,
  aliaspreservepath: (draft, directive) => {
    draft.aliasPreservePath = wordsOf(coreForms.aliaspreservepath, directive) ?? false;
  },
  redirectrelative: (draft, directive) => {
    draft.redirectRelative = wordsOf(coreForms.redirectrelative, directive) ?? false;
  },
};

function setVariable(draft: ScopeDraft, name: string, value: string): void {
  draft.variables = new Map(draft.variables).set(name.toLowerCase(), { name, value });
}
