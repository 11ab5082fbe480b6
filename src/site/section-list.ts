/** Sections in the order of their walk, and where to look first. */
import { buildPathIndex, type PathIndex } from './path-index.ts';
import type { Scope, ScopeSection } from './scope.ts';

/** Sections with their index. */
export type SectionList = {
  readonly sections: readonly ScopeSection[];
  readonly index: PathIndex<ScopeSection>;
  /** What walks of folders have found so far, by folder. */
  readonly known: Map<string, Scope>;
};

/** A list of sections with its index. */
export function buildSectionList(sections: readonly ScopeSection[]): SectionList {
  const index = buildPathIndex(sections, ({ match }) => (match.kind === 'path' ? match.path : undefined));
  return { sections, index, known: new Map() };
}
