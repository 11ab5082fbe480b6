/** mod_rewrite's directives: engine, options and base here; rules and conditions are collected per place. */
import type { Directive } from '../apache/directive.ts';
import { addMount, type PlaceContext, type ScopeDraft, type ScopeReader } from './build-context.ts';
import { coreForms } from './core-forms.ts';
import { diagnose } from './diagnose.ts';
import type { RewriteCondition, RewriteMap, RewriteRules } from './rewrite.ts';
import { parseCondition, parseRule } from './rewrite-parser.ts';
import type { Blame } from './rewrite-text.ts';
import { wordsOf } from './word-forms.ts';

/** Rules and, while they are read, the conditions that wait for their rule. */
type ReadRules = RewriteRules & { readonly waiting?: readonly RewriteCondition[] };

const noRules: RewriteRules = {
  engine: undefined,
  options: undefined,
  base: undefined,
  directory: undefined,
  rules: [],
  maps: new Map(),
};

function change(draft: ScopeDraft, place: PlaceContext, changes: Partial<ReadRules>): void {
  const before = draft.rewrite ?? { ...noRules, directory: place.path };
  draft.rewrite = { ...before, ...changes };
}

/** By lower-case name. */
export const rewriteReaders: Readonly<Record<string, ScopeReader>> = {
  rewriteengine: (draft, directive, place) =>
    change(draft, place, { engine: wordsOf(coreForms.rewriteengine, directive) ?? false }),
  rewriteoptions: (draft, directive, place) => {
    const words = wordsOf(coreForms.rewriteoptions, directive) ?? [];
    change(draft, place, { options: new Set([...(draft.rewrite?.options ?? []), ...words]) });
  },
  rewritebase: (draft, directive, place) =>
    change(draft, place, { base: wordsOf(coreForms.rewritebase, directive) ?? '' }),
  rewritemap: (draft, directive, place) => {
    const maps = new Map(draft.rewrite?.maps);
    change(draft, place, { maps: maps.set(directive.args[0] ?? '', readMap(directive)) });
  },
  rewritecond: readCondition,
  rewriterule: readRule,
};

function readMap(directive: Directive): RewriteMap {
  const source = directive.args[1] ?? '';
  const name = /^int:(toupper|tolower|escape|unescape)$/.exec(source)?.[1];
  if (name !== undefined)
    return { kind: 'function', name: name as 'toupper' | 'tolower' | 'escape' | 'unescape' };
  const message = `The map "${directive.args[0]}" is looked up in "${source}", which the sidecar does not read`;
  return { kind: 'unknown', rule: diagnose(directive, 'error', 'rewrite-not-understood', message) };
}

function waiting(draft: ScopeDraft): readonly RewriteCondition[] {
  return (draft.rewrite as ReadRules | undefined)?.waiting ?? [];
}

function readCondition(draft: ScopeDraft, directive: Directive, place: PlaceContext): void {
  const condition = parseCondition(directive.text, blameOn(directive, place));
  change(draft, place, { waiting: [...waiting(draft), condition] });
}

function readRule(draft: ScopeDraft, directive: Directive, place: PlaceContext): void {
  const conditions = waiting(draft);
  const parsed = parseRule(directive.text, blameOn(directive, place));
  const isScript = parsed.flags.handler?.join('').toLowerCase() === 'wsgi-script';
  const { position } = directive;
  const mountPoint = `RewriteRule ${directive.text}`;
  const handlerMount = isScript
    ? addMount(place, { kind: 'rewrite', mountPoint, target: '', position })
    : undefined;
  const rule = { ...parsed, flags: { ...parsed.flags, handlerMount }, conditions, position };
  change(draft, place, { rules: [...(draft.rewrite?.rules ?? []), rule], waiting: [] });
}

/** What cannot be computed is said once, and again to the requests that come to it. */
function blameOn(directive: Directive, place: PlaceContext): Blame {
  return (error) => {
    const message = `Cannot compute the rewriting: ${error}. Requests that come to this are unresolved`;
    const rule = diagnose(directive, 'error', 'rewrite-not-understood', message);
    place.build.diagnostics.push(rule);
    return rule;
  };
}
