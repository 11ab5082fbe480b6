/** Sections: their directives into scopes, their arguments into matches (httpd `dirsection()`, `urlsection()`, `filesection()`, `ifsection()`). */
import type { Diagnostic } from '../apache/diagnostic.ts';
import type { DirectiveNode, Section } from '../apache/directive.ts';
import { isPattern } from '../apache/fnmatch.ts';
import type { MethodLimit } from './access.ts';
import { accessReaders, addHostRules, addRequirement, methodOf } from './access-readers.ts';
import type { PlaceContext, ScopeDraft, ScopeReader } from './build-context.ts';
import { coreReaders } from './core-readers.ts';
import { diagnose } from './diagnose.ts';
import { reportUnread } from './directive-table.ts';
import { envReaders } from './env-readers.ts';
import { parseExpression } from './expression-parser.ts';
import { compileWildcard } from './path-wildcard.ts';
import { compilePattern } from './regex.ts';
import { rewriteReaders } from './rewrite-reader.ts';
import type { ConditionSection, Scope, ScopeSection, SectionMatch } from './scope.ts';
import { wsgiReaders } from './wsgi-readers.ts';

/** Every directive that may stand in a section, by lower-case name. */
export const scopeReaders: ReadonlyMap<string, ScopeReader> = new Map(
  Object.entries({ ...coreReaders, ...wsgiReaders, ...envReaders, ...accessReaders, ...rewriteReaders }),
);

/** What the nodes of one section set. */
export function readScope(nodes: readonly DirectiveNode[], place: PlaceContext): Scope {
  const draft: ScopeDraft = {};
  for (const node of nodes) readNode(draft, node, place);
  return draft;
}

/** Takes one node into a scope. */
export function readNode(draft: ScopeDraft, node: DirectiveNode, place: PlaceContext): void {
  if (node.kind === 'section') readNested(draft, node, place);
  else {
    const reader = scopeReaders.get(node.key);
    if (reader === undefined) reportUnread(node, place.build);
    else reader(draft, node, place);
  }
}

function readNested(draft: ScopeDraft, section: Section, place: PlaceContext): void {
  switch (section.key) {
    case 'files':
    case 'filesmatch':
      draft.files = [...(draft.files ?? []), readSection(section, place)];
      return;
    case 'if':
    case 'elseif':
    case 'else':
      draft.conditions = [...(draft.conditions ?? []), readCondition(section, place)];
      return;
    case 'limit':
    case 'limitexcept':
      readLimit(draft, section, place);
      return;
    case 'requireall':
    case 'requireany':
    case 'requirenone':
      addRequirement(draft, section, undefined);
      return;
    default:
      reportUnread(section, place.build);
  }
}

function readLimit(draft: ScopeDraft, section: Section, place: PlaceContext): void {
  const methods = new Set(section.args.map(methodOf));
  const limit: MethodLimit = { methods, except: section.key === 'limitexcept' };
  for (const node of section.children) {
    if (node.kind === 'directive' && (node.key === 'allow' || node.key === 'deny')) {
      addHostRules(draft, node.key, node, limit);
    } else if (node.key === 'require' || node.key.startsWith('require')) addRequirement(draft, node, limit);
    else readNode(draft, node, place);
  }
}

/** `<Directory>`, `<Files>`, `<Location>` and their `Match` forms. */
export function readSection(section: Section, place: PlaceContext): ScopeSection {
  const kind = section.key.replace(/match$/, '');
  const path = section.args[0] === '~' ? (section.args[1] ?? '') : (section.args[0] ?? '');
  const inner = { ...place, section: kind, path: kind === 'directory' ? folderPath(path) : path };
  const match = sectionMatch(section, kind, path);
  if (match.kind === 'unknown') place.build.diagnostics.push(match.rule);
  return {
    match,
    scope: readScope(section.children, inner),
    position: section.position,
    title: titleOf(section),
  };
}

function titleOf(section: Section): string {
  return `<${section.name.replace(/^</, '')} ${section.text}>`;
}

function sectionMatch(section: Section, kind: string, path: string): SectionMatch {
  if (section.key.endsWith('match') || section.args[0] === '~') {
    const pattern = compilePattern(path);
    if (!('error' in pattern)) return { kind: 'pattern', pattern };
    const message = `Cannot translate the pattern "${path}": ${pattern.error}`;
    return { kind: 'unknown', rule: diagnose(section, 'error', 'pattern-not-understood', message) };
  }
  const whole = kind === 'directory' ? folderPath(path) : path;
  const components = whole === '/' ? 0 : whole.split('/').length - 1;
  if (isPattern(whole)) return { kind: 'wildcard', pattern: compileWildcard(whole), components };
  return { kind: 'path', path: whole, components };
}

/** httpd canonicalises the argument of `<Directory>` and gives it a final slash. */
function folderPath(path: string): string {
  const plain = path.replace(/\/{2,}/g, '/').replace(/(?:\/\.)+(?=\/|$)/g, '');
  return plain.endsWith('/') ? plain : `${plain}/`;
}

function readCondition(section: Section, place: PlaceContext): ConditionSection {
  const kind = section.key as ConditionSection['kind'];
  const scope = readScope(section.children, { ...place, section: 'if', path: '*If' });
  const rest = { kind, scope, position: section.position, title: titleOf(section) };
  if (kind === 'else') return { ...rest, condition: undefined, unknown: undefined };
  // Apache reads one word: an expression with spaces stands in quotes.
  const text = section.args[0] ?? '';
  const condition = parseExpression(text);
  if (!('error' in condition)) return { ...rest, condition, unknown: undefined };
  const unknown = conditionRule(section, text, condition.error);
  place.build.diagnostics.push(unknown);
  return { ...rest, condition: undefined, unknown };
}

function conditionRule(section: Section, text: string, error: string): Diagnostic {
  return diagnose(
    section,
    'error',
    'expression-not-understood',
    `Cannot compute the condition "${text}": ${error}`,
  );
}
