/**
 * What a place says about who may come in: `Require` (mod_authz_core, mod_authz_host), `Order`/`Allow`/`Deny`
 * (mod_access_compat), and rules that only Apache itself can enforce (DESIGN: "Access control").
 */
import type { Diagnostic } from '../apache/diagnostic.ts';
import type { AddressBlock } from './address-block.ts';

/** One requirement or a group of them. */
export type Requirement =
  | { readonly kind: 'all'; readonly granted: boolean; readonly rule: Diagnostic }
  | { readonly kind: 'addresses'; readonly blocks: readonly AddressBlock[]; readonly rule: Diagnostic }
  | { readonly kind: 'local'; readonly rule: Diagnostic }
  | { readonly kind: 'methods'; readonly methods: readonly string[]; readonly rule: Diagnostic }
  /** Decided by something that the sidecar does not know: users, groups, host names, expressions. */
  | { readonly kind: 'front'; readonly rule: Diagnostic }
  | {
      readonly kind: 'group';
      readonly operator: 'and' | 'or';
      readonly children: readonly RequirementEntry[];
      readonly rule: Diagnostic;
    };

/** A requirement in its group. */
export type RequirementEntry = {
  readonly requirement: Requirement;
  readonly negated: boolean;
  /** Inside `<Limit>` or `<LimitExcept>`: the methods that it is for. */
  readonly methods: MethodLimit | undefined;
};

/** `<Limit GET POST>` or `<LimitExcept GET>`. */
export type MethodLimit = { readonly methods: ReadonlySet<string>; readonly except: boolean };

/** `Order`, `Allow`, `Deny`; a nearer section that has one of them replaces all. */
export type HostAccess = {
  readonly order: 'deny,allow' | 'allow,deny' | 'mutual-failure';
  readonly allow: readonly HostRule[];
  readonly deny: readonly HostRule[];
  readonly satisfy: 'all' | 'any';
};

/** One `from` word of `Allow` or `Deny`. */
export type HostRule = {
  readonly rule: Diagnostic;
  readonly methods: MethodLimit | undefined;
  readonly from:
    | { readonly kind: 'all' }
    | { readonly kind: 'addresses'; readonly block: AddressBlock }
    | { readonly kind: 'variable'; readonly name: string; readonly negated: boolean }
    | { readonly kind: 'front' };
};

/** Everything about access in one place. */
export type AccessRules = {
  readonly requirement?: RequirementEntry;
  /** `AuthMerging`; unset counts as off. */
  readonly merging?: 'off' | 'and' | 'or';
  readonly hosts?: HostAccess;
  /** Rules that shut a door by themselves and are not enforced here, by directive. */
  readonly front?: ReadonlyMap<string, Diagnostic>;
  /** `AllowMethods` (mod_allowmethods): nothing else is let in; none are all. */
  readonly allowed?: { readonly methods: ReadonlySet<string>; readonly rule: Diagnostic };
  /** `AuthType`; without any requirement Apache answers 500 there. */
  readonly authType?: Diagnostic;
};
