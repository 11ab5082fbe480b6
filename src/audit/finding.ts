/** A finding of the audit and the rule that makes it. Texts are byte strings, sentence case, no full stop. */
import type { Severity } from '../apache/diagnostic.ts';
import type { SourcePosition } from '../apache/directive.ts';
import type { Census } from './census.ts';

export type Finding = {
  /** The stable id of its rule; MANUAL.md has an entry for each. */
  readonly id: string;
  readonly severity: Severity;
  readonly position?: SourcePosition;
  /** Other places that take part, each with what is there. */
  readonly related: readonly { readonly position: SourcePosition; readonly message: string }[];
  /** What is there. */
  readonly message: string;
  /** Why it hurts. */
  readonly why: string;
  /** What to do. */
  readonly advice: string;
  /** What the finding is about, without places: the same text tomorrow means the same finding. */
  readonly subject: string;
};

/** One question that the audit asks of a census. */
export type Rule = {
  readonly id: string;
  /** What it looks for, for lists of rules. */
  readonly title: string;
  readonly find: (census: Census) => readonly Finding[];
};

/** Names in a sentence: `"a", "b" and 3 more`. */
export function listNames(names: readonly string[], limit = 4): string {
  const shown = names.slice(0, limit).map((name) => `"${name}"`);
  const rest = names.length - shown.length;
  if (rest > 0) return `${shown.join(', ')} and ${rest} more`;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}
