/** mod_rewrite's rules, compiled. `rewrite-parser.ts` makes them, `routing/rewrite.ts` applies them. */
import type { Diagnostic } from '../apache/diagnostic.ts';
import type { SourcePosition } from '../apache/directive.ts';
import type { Expression } from './expression.ts';
import type { Mount } from './model.ts';
import type { Pattern } from './regex.ts';

/** A text with `$1`, `%1`, `%{NAME}` in it. */
export type RewriteText = readonly RewritePiece[];

/** One piece of a text. */
export type RewritePiece =
  | string
  | { readonly rule: number }
  | { readonly condition: number }
  | { readonly variable: string }
  /** A variable that is not known here: whoever needs its value cannot go on. */
  | { readonly unknown: Diagnostic }
  | { readonly map: string; readonly key: RewriteText; readonly fallback: RewriteText };

/** What a `RewriteCond` compares with. */
export type RewriteTest =
  | { readonly kind: 'pattern'; readonly pattern: Pattern }
  | { readonly kind: 'file'; readonly test: 'f' | 's' | 'd' | 'x' | 'l' }
  | { readonly kind: 'text'; readonly operator: '<' | '<=' | '=' | '>=' | '>'; readonly value: RewriteText }
  | { readonly kind: 'number'; readonly operator: '<' | '<=' | '=' | '>=' | '>'; readonly value: RewriteText }
  | { readonly kind: 'expression'; readonly expression: Expression }
  | { readonly kind: 'unknown'; readonly rule: Diagnostic };

/** `RewriteCond`. */
export type RewriteCondition = {
  readonly input: RewriteText;
  readonly test: RewriteTest;
  readonly negated: boolean;
  readonly ignoreCase: boolean;
  /** `[OR]`. */
  readonly orNext: boolean;
};

/** The flags of a `RewriteRule`, by mod_rewrite's long names. */
export type RewriteFlags = {
  readonly chain: boolean;
  readonly last: boolean;
  readonly end: boolean;
  readonly next: boolean;
  readonly maxRounds: number;
  readonly passThrough: boolean;
  readonly proxy: boolean;
  readonly qsAppend: boolean;
  readonly qsDiscard: boolean;
  readonly qsLast: boolean;
  /** The substitution ends in `?`, or `QSD` without a query: no query is left. */
  readonly qsNone: boolean;
  readonly discardPathInfo: boolean;
  readonly noEscape: boolean;
  readonly noSubrequest: boolean;
  readonly skip: number;
  /** `R`: the status of a redirect. */
  readonly redirect: number | undefined;
  /** `F`, `G`, `R=404`: an answer without a target. */
  readonly status: number | undefined;
  readonly handler: RewriteText | undefined;
  readonly handlerMount: Mount | undefined;
  readonly type: RewriteText | undefined;
  readonly environment: readonly RewriteText[];
  /** `B`: groups are escaped when they are put in; only these characters where not empty. */
  readonly escapeGroups:
    | { readonly only: string; readonly except: string; readonly noPlus: boolean }
    | undefined;
  readonly unsafePrefix: boolean;
  /** `UnsafeAllow3F`. */
  readonly allowQuestionMark: boolean;
  /** `UNC`: leading slashes stay. */
  readonly keepSlashes: boolean;
};

/** `RewriteRule` with the conditions before it. */
export type RewriteRule = {
  /** Undefined where it cannot be translated. */
  readonly pattern: Pattern | undefined;
  /** What of the pattern or the flags cannot be computed: a request that comes to it is unresolved. */
  readonly unknown: Diagnostic | undefined;
  readonly negated: boolean;
  /** Undefined for `-`. */
  readonly substitution: RewriteText | undefined;
  readonly flags: RewriteFlags;
  readonly conditions: readonly RewriteCondition[];
  readonly position: SourcePosition;
};

/** The words of `RewriteOptions`, in lower case. */
export type RewriteOptions = ReadonlySet<string>;

/** The rewriting of one server or place. */
export type RewriteRules = {
  readonly engine: boolean | undefined;
  readonly options: RewriteOptions | undefined;
  /** `RewriteBase`. */
  readonly base: string | undefined;
  /** The folder of the `<Directory>` that the rules stand in, with its slash. */
  readonly directory: string | undefined;
  readonly rules: readonly RewriteRule[];
  readonly maps: ReadonlyMap<string, RewriteMap>;
};

/** `RewriteMap`: the internal functions are computed, the rest is not. */
export type RewriteMap =
  | { readonly kind: 'function'; readonly name: 'toupper' | 'tolower' | 'escape' | 'unescape' }
  | { readonly kind: 'unknown'; readonly rule: Diagnostic };
