/** Directives that no loaded module brings: Apache refuses to start with such a configuration. */
import type { Diagnostic } from './diagnostic.ts';
import type { DirectiveNode } from './directive.ts';
import { intendedDirective, moduleWith } from './directive-advice.ts';
import { hasDirective, type LoadedModule } from './modules.ts';

type Modules = ReadonlyMap<string, LoadedModule>;

/** A warning for every directive and section of the tree that is surely unknown; none where a module is not in our table. */
export function unknownDirectives(tree: readonly DirectiveNode[], modules: Modules): readonly Diagnostic[] {
  const found = nodesUnknown(
    tree,
    (key) => isOfOtherVersion(key, modules) || hasDirective(modules, key) !== false,
  );
  if ([...modules.values()].some(isLoaded)) return found.map(unknown);
  const first = found.find(isInTable);
  if (first === undefined) return found.map(unknown);
  return [loadModuleMissing(first), ...found.filter((node) => !isInTable(node)).map(unknown)];
}

function nodesUnknown(tree: readonly DirectiveNode[], isKnown: (key: string) => boolean): DirectiveNode[] {
  const verdicts = new Map<string, boolean>();
  const isUnknown = (key: string): boolean => {
    const known = verdicts.get(key);
    if (known !== undefined) return known;
    const verdict = !isKnown(key);
    verdicts.set(key, verdict);
    return verdict;
  };
  const found: DirectiveNode[] = [];
  const visit = (nodes: readonly DirectiveNode[]): void => {
    for (const node of nodes) {
      if (isUnknown(keyOf(node))) found.push(node);
      if (node.kind === 'section') visit(node.children);
    }
  };
  visit(tree);
  return found;
}

function keyOf(node: DirectiveNode): string {
  return node.kind === 'section' ? `<${node.key}` : node.key;
}

/** By LoadModule, not compiled in. */
function isLoaded({ file }: LoadedModule): boolean {
  return file !== undefined;
}

/** Whether any module of the table brings it; mod_wsgi's names count whatever its version. */
function isInTable(node: DirectiveNode): boolean {
  return node.key.startsWith('wsgi') || moduleWith(node) !== undefined;
}

/** The table has mod_wsgi 4.9.4; later versions bring more. */
function isOfOtherVersion(key: string, modules: Modules): boolean {
  return key.startsWith('wsgi') && modules.has('wsgi_module');
}

/** A file of `sites-enabled` alone is a part: finding each of its directives unknown would bury what is wrong with it. */
function loadModuleMissing({ position }: DirectiveNode): Diagnostic {
  return {
    severity: 'warning',
    id: 'load-module-missing',
    position,
    message: 'No LoadModule is in force, so this is a part of a configuration: no <IfModule> holds in it',
    advice: 'Name the file that Apache starts with, e.g. /etc/apache2/apache2.conf',
  };
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
    advice: adviceFor(node),
  };
}

function adviceFor(node: DirectiveNode): string {
  const module = moduleWith(node);
  if (module !== undefined) return `Load ${module}, which brings it`;
  const intended = intendedDirective(node);
  if (intended === undefined) return 'Correct its name, or load the module that brings it';
  return `Did you mean ${intended}? If not, load the module that brings it`;
}
