/**
 * Apache's expressions (`ap_expr`, manual "Expressions in Apache HTTP Server"), parsed. `expression-parser.ts` makes
 * them, `routing/expression.ts` computes them.
 */
import type { Pattern } from './regex.ts';

/** A condition. */
export type Expression =
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'not'; readonly operand: Expression }
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | {
      readonly kind: 'compare';
      readonly operator: CompareOperator;
      readonly left: StringExpression;
      readonly right: StringExpression;
    }
  | {
      readonly kind: 'match';
      readonly negated: boolean;
      readonly subject: StringExpression;
      readonly pattern: Pattern;
    }
  | { readonly kind: 'in'; readonly subject: StringExpression; readonly list: readonly StringExpression[] }
  | { readonly kind: 'test'; readonly test: string; readonly operand: StringExpression };

/** Comparisons of text and (with a dash) of whole numbers, and the match operators. */
export type CompareOperator =
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '-eq'
  | '-ne'
  | '-lt'
  | '-le'
  | '-gt'
  | '-ge'
  | '-ipmatch'
  | '-strmatch'
  | '-strcmatch'
  | '-fnmatch';

/** A text made of pieces. */
export type StringExpression = readonly StringPiece[];

/** Plain text, `%{NAME}`, `%{function:argument}` or `function(…)`, or `$1`. */
export type StringPiece =
  | string
  | { readonly variable: string }
  | { readonly function: string; readonly argument: StringExpression }
  | { readonly group: number };
