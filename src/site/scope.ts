/**
 * The configuration of one place: what stands in one section, or the merge of several in Apache's order
 * (httpd `ap_merge_per_dir_configs()`, and the merge function of each module).
 */
import type { Diagnostic } from '../apache/diagnostic.ts';
import type { SourcePosition } from '../apache/directive.ts';
import type { AccessRules } from './access.ts';
import { mergeAccess } from './access-merge.ts';
import type { AddressBlock } from './address-block.ts';
import type { Alias, LocationAlias, LocationRedirect } from './alias.ts';
import type { Expression, StringExpression } from './expression.ts';
import type { Mount } from './model.ts';
import type { PathWildcard } from './path-wildcard.ts';
import type { Pattern } from './regex.ts';
import type { RewriteRules } from './rewrite.ts';
import { mergeRewrite } from './rewrite-merge.ts';
import type { SetEnvIfRule } from './set-env-if.ts';

/** A value and where it was set. */
export type Setting<T> = { readonly value: T; readonly position: SourcePosition };

/** `Options` as bits set, added and removed; `explicit` where a word stands without a sign. */
export type OptionChange = {
  readonly explicit: ReadonlySet<string> | undefined;
  readonly add: ReadonlySet<string>;
  readonly remove: ReadonlySet<string>;
};

/** `SetHandler` and `AddHandler`, `ForceType` and `AddType`: the name and the mount it makes where it is mod_wsgi's. */
export type HandlerSetting = Setting<string> & { readonly mount: Mount };

/** A variable of `SetEnv` or `PassEnv`; names are compared without case. */
export type Variable = { readonly name: string; readonly value: string };

/** `WSGIHandlerScript NAME path`. */
export type HandlerScript = {
  readonly mount: Mount;
  readonly script: string;
  readonly processGroup?: Setting<string>;
  readonly applicationGroup?: Setting<string>;
  readonly passAuthorization?: boolean;
};

/** What mod_mime knows of extensions: a table for each attribute. */
export type ExtensionTables = {
  readonly handlers: ReadonlyMap<string, HandlerSetting>;
  /** An undefined type was taken away by `RemoveType`, which also hides an outer one. */
  readonly types: ReadonlyMap<string, HandlerSetting | undefined>;
  readonly languages: ReadonlyMap<string, string>;
  readonly encodings: ReadonlyMap<string, string>;
  readonly charsets: ReadonlyMap<string, string>;
  /** What `Remove…` of this very section takes away once it is merged; a merge has none. */
  readonly removed: readonly ExtensionRemoval[];
};

/** A table and the extension that it loses. */
export type ExtensionRemoval = {
  readonly table: Exclude<keyof ExtensionTables, 'removed' | 'types'>;
  readonly extension: string;
};

/** The directives of one place. Absent is unset: the outer place counts. */
export type Scope = {
  readonly options?: OptionChange;
  readonly acceptPathInfo?: 'on' | 'off' | 'default';
  readonly handler?: HandlerSetting;
  /** `SetHandler` with an expression. */
  readonly handlerExpression?: HandlerSetting & { readonly text: StringExpression };
  /** `SetHandler` with an expression that cannot be computed. */
  readonly handlerUnknown?: Diagnostic;
  readonly forceType?: HandlerSetting;
  readonly useCanonicalName?: 'on' | 'off' | 'dns';
  readonly useCanonicalPhysicalPort?: boolean;
  /** `LimitRequestBody`: bytes, 0 for any. */
  readonly limitRequestBody?: number;
  /** `CGIPassAuth`: HTTP_AUTHORIZATION in the environ, as WSGIPassAuthorization. */
  readonly cgiPassAuth?: boolean;
  /** Where `.htaccess` files count. */
  readonly allowOverride?: boolean;
  readonly errorDocuments?: ReadonlyMap<number, Setting<string>>;
  readonly files?: readonly ScopeSection[];
  readonly conditions?: readonly ConditionSection[];
  readonly extensions?: ExtensionTables;
  /** `ModMimeUsePathInfo`: the path info is looked at for extensions, too. */
  readonly typeByPathInfo?: boolean;
  readonly directoryIndex?: readonly string[];
  readonly directorySlash?: boolean;
  readonly directoryIndexRedirect?: number | 'off';
  readonly directoryCheckHandler?: boolean;
  readonly fallbackResource?: string;
  readonly variables?: ReadonlyMap<string, Variable>;
  readonly unsetVariables?: readonly string[];
  readonly setEnvIf?: readonly SetEnvIfRule[];
  readonly redirects?: readonly Alias[];
  readonly locationRedirect?: LocationRedirect;
  readonly locationAlias?: LocationAlias;
  readonly aliasPreservePath?: boolean;
  readonly redirectRelative?: boolean;
  readonly rewrite?: RewriteRules;
  readonly access?: AccessRules;
  readonly processGroup?: Setting<string>;
  readonly applicationGroup?: Setting<string>;
  readonly callableObject?: Setting<string>;
  /** `WSGIDispatchScript`, and the interpreter that it runs in. */
  readonly dispatchScript?: Setting<string> & { readonly applicationGroup?: string };
  readonly restrictProcess?: Setting<ReadonlySet<string>>;
  readonly handlerScripts?: ReadonlyMap<string, HandlerScript>;
  readonly passAuthorization?: boolean;
  readonly scriptReloading?: boolean;
  readonly chunkedRequest?: boolean;
  readonly mapHeadToGet?: 'off' | 'on' | 'auto';
  readonly ignoreActivity?: boolean;
  /** `WSGITrustedProxyHeaders`, as the environ names them. */
  readonly trustedProxyHeaders?: readonly string[];
  readonly trustedProxies?: readonly AddressBlock[];
  /** What here cannot be computed: a request to a mount in such a place is unresolved. */
  readonly unresolved?: readonly Diagnostic[];
};

/** `<Directory>`, `<Files>` or `<Location>` and what it matches. */
export type ScopeSection = {
  readonly match: SectionMatch;
  readonly scope: Scope;
  readonly position: SourcePosition;
  /** As written, for people: `<Location "/shop">`. */
  readonly title: string;
};

/** How a section is matched; `components` is the number of slashes, by which `<Directory>` are sorted. */
export type SectionMatch =
  | { readonly kind: 'path'; readonly path: string; readonly components: number }
  | { readonly kind: 'wildcard'; readonly pattern: PathWildcard; readonly components: number }
  | { readonly kind: 'pattern'; readonly pattern: Pattern }
  /** A pattern that cannot be translated: whether it matches is not known. */
  | { readonly kind: 'unknown'; readonly rule: Diagnostic };

/** `<If>`, `<ElseIf>` or `<Else>`. */
export type ConditionSection = {
  readonly kind: 'if' | 'elseif' | 'else';
  /** Undefined for `<Else>`. */
  readonly condition: Expression | undefined;
  /** Why the condition cannot be computed. */
  readonly unknown: Diagnostic | undefined;
  readonly scope: Scope;
  readonly position: SourcePosition;
  readonly title: string;
};

/** The place where nothing is set. */
export const emptyScope: Scope = {};

/** What counts where both are in force and `over` is the nearer one. */
export function mergeScopes(base: Scope, over: Scope): Scope {
  if (over === emptyScope) return base;
  if (base === emptyScope) return over;
  const merged: { -readonly [K in keyof Scope]: Scope[K] } = { ...base, ...over };
  if (base.options && over.options) merged.options = mergeOptions(base.options, over.options);
  if (base.errorDocuments && over.errorDocuments)
    merged.errorDocuments = overlay(base.errorDocuments, over.errorDocuments);
  if (base.files && over.files) merged.files = [...base.files, ...over.files];
  if (base.conditions && over.conditions) merged.conditions = [...base.conditions, ...over.conditions];
  if (base.extensions && over.extensions)
    merged.extensions = mergeExtensions(base.extensions, over.extensions);
  if (base.setEnvIf && over.setEnvIf) merged.setEnvIf = [...base.setEnvIf, ...over.setEnvIf];
  if (base.redirects && over.redirects) merged.redirects = [...over.redirects, ...base.redirects];
  if (base.handlerScripts && over.handlerScripts)
    merged.handlerScripts = overlay(base.handlerScripts, over.handlerScripts);
  if (base.unresolved && over.unresolved) merged.unresolved = [...base.unresolved, ...over.unresolved];
  if (base.rewrite && over.rewrite) merged.rewrite = mergeRewrite(base.rewrite, over.rewrite);
  if (base.access && over.access) merged.access = mergeAccess(base.access, over.access);
  mergeVariables(merged, base, over);
  return merged;
}

/**
 * mod_env `merge_env_dir_configs()`: the nearer `UnsetEnv` takes away from the outer, then the nearer variables are set.
 * Where both places have something to say, what the outer unset is forgotten.
 */
function mergeVariables(merged: { -readonly [K in keyof Scope]: Scope[K] }, base: Scope, over: Scope): void {
  const says = (scope: Scope): boolean => scope.variables !== undefined || scope.unsetVariables !== undefined;
  if (!says(base) || !says(over)) return;
  delete merged.unsetVariables;
  const variables = new Map(base.variables);
  for (const name of over.unsetVariables ?? []) variables.delete(name);
  for (const [key, variable] of over.variables ?? []) variables.set(key, variable);
  merged.variables = variables;
}

function overlay<K, V>(base: ReadonlyMap<K, V>, over: ReadonlyMap<K, V>): ReadonlyMap<K, V> {
  return new Map([...base, ...over]);
}

/** The tables that know nothing. */
export const noExtensions: ExtensionTables = {
  handlers: new Map(),
  types: new Map(),
  languages: new Map(),
  encodings: new Map(),
  charsets: new Map(),
  removed: [],
};

/** mod_mime `merge_mime_dir_configs()`: what a section removes is removed last, even what it adds itself. */
function mergeExtensions(base: ExtensionTables, over: ExtensionTables): ExtensionTables {
  const merged = {
    handlers: new Map([...base.handlers, ...over.handlers]),
    types: new Map([...base.types, ...over.types]),
    languages: new Map([...base.languages, ...over.languages]),
    encodings: new Map([...base.encodings, ...over.encodings]),
    charsets: new Map([...base.charsets, ...over.charsets]),
    removed: [],
  };
  for (const { table, extension } of over.removed) merged[table].delete(extension);
  return merged;
}

/** httpd `merge_core_dir_configs()`, the part on `opts`. */
function mergeOptions(base: OptionChange, over: OptionChange): OptionChange {
  if (over.explicit !== undefined) return over;
  const add = new Set([...[...base.add].filter((name) => !over.remove.has(name)), ...over.add]);
  const remove = new Set([...[...base.remove].filter((name) => !over.add.has(name)), ...over.remove]);
  return { explicit: base.explicit, add, remove };
}

/** Whether an option is on; Apache's default is FollowSymLinks alone. */
export function hasOption(options: OptionChange | undefined, name: string): boolean {
  if (options === undefined) return name === 'followsymlinks';
  if (options.remove.has(name) && !options.add.has(name)) return false;
  if (options.add.has(name)) return true;
  return options.explicit?.has(name) ?? name === 'followsymlinks';
}
