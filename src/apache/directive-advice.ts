/** What to do about a directive that nothing at hand knows: a module is missing, or its name is misspelt. */
import { nearest } from '../nearest.ts';
import type { DirectiveNode } from './directive.ts';
import { knownModules } from './directive-table.ts';

/** The symbol of a module that brings it, e.g. `rewrite_module`; undefined where the table has none. */
export function moduleWith(node: DirectiveNode): string | undefined {
  const key = node.kind === 'section' ? `<${node.key}` : node.key;
  for (const [symbol, { directives }] of knownModules) if (directives.has(key)) return symbol;
  return undefined;
}

/** The directive that someone who mistyped most likely meant, as the manual spells it: `"Alias"`, `"<IfModule>"`. */
export function intendedDirective(node: DirectiveNode): string | undefined {
  const isSection = node.kind === 'section';
  // Others' modules have names of their own: what is more than a slip of the fingers is no misspelling.
  const slips = Math.min(2, Math.ceil(node.name.length / 3));
  const guess = nearest(node.name, isSection ? SECTIONS : DIRECTIVES, slips);
  // Spelt right, and unknown to the sidecar alone.
  if (guess === undefined || guess.toLowerCase() === node.name.toLowerCase()) return undefined;
  return isSection ? `"<${guess}>"` : `"${guess}"`;
}

const SPELLINGS = [...new Set([...knownModules.values()].flatMap(({ spellings }) => spellings))];
const SECTIONS = SPELLINGS.filter((name) => name.startsWith('<')).map((name) => name.slice(1));
const DIRECTIVES = SPELLINGS.filter((name) => !name.startsWith('<'));
