/** Directives that no loaded module brings: Apache refuses to start with such a configuration. */
import type { Diagnostic } from './diagnostic.ts';
import type { DirectiveNode } from './directive.ts';
import { hasDirective, type LoadedModule } from './modules.ts';

/** A warning for every directive and section of the tree that is surely unknown; none where a module is not in our table. */
export function unknownDirectives(
  tree: readonly DirectiveNode[],
  modules: ReadonlyMap<string, LoadedModule>,
): readonly Diagnostic[] {
  const verdicts = new Map<string, boolean>();
  const isUnknown = (key: string): boolean => {
    const known = verdicts.get(key);
    if (known !== undefined) return known;
    const verdict = !isOfOtherVersion(key, modules) && hasDirective(modules, key) === false;
    verdicts.set(key, verdict);
    return verdict;
  };
  const found: Diagnostic[] = [];
  const visit = (nodes: readonly DirectiveNode[]): void => {
    for (const node of nodes) {
      if (isUnknown(node.kind === 'section' ? `<${node.key}` : node.key)) found.push(unknown(node));
      if (node.kind === 'section') visit(node.children);
    }
  };
  visit(tree);
  return found;
}

/** The table has mod_wsgi 4.9.4; later versions bring more. */
function isOfOtherVersion(key: string, modules: ReadonlyMap<string, LoadedModule>): boolean {
  return key.startsWith('wsgi') && modules.has('wsgi_module');
}

function unknown(node: DirectiveNode): Diagnostic {
  const name = node.kind === 'section' ? `<${node.name}>` : node.name;
  return {
    severity: 'warning',
    id: 'directive-unknown',
    position: node.position,
    directive: name,
    message:
      'Invalid command, perhaps misspelled or defined by a module not included in the server configuration',
    advice: 'Correct its name, or load the module that brings it',
  };
}
