/** Directives about access, in sections and outside. */
import type { Directive, DirectiveNode, Section } from '../apache/directive.ts';
import type {
  AccessRules,
  HostAccess,
  HostRule,
  MethodLimit,
  Requirement,
  RequirementEntry,
} from './access.ts';
import { accessForms, type Provider } from './access-forms.ts';
import type { ScopeDraft, ScopeReader } from './build-context.ts';
import { diagnose } from './diagnose.ts';
import { wordsOf } from './word-forms.ts';

/** The rule as a diagnostic: where it stands and what it says. */
function rule(node: DirectiveNode): ReturnType<typeof diagnose> {
  return diagnose(
    node,
    'error',
    'mount-access-control',
    `Access is protected by "${node.name} ${node.text}"`,
  );
}

function frontRule(node: DirectiveNode): ReturnType<typeof diagnose> {
  const message = `Access is protected by "${node.name} ${node.text}", which the sidecar does not enforce`;
  const advice =
    'Let a front check it and declare that by "accessControl: front", or leave the mount to Apache';
  return { ...diagnose(node, 'error', 'mount-access-control', message), advice };
}

const readFront: ScopeReader = (draft, directive) => {
  const shuts = new Map(draft.access?.front).set(directive.key, frontRule(directive));
  draft.access = { ...draft.access, front: shuts };
};

const readVerify: ScopeReader = (draft, directive, place) => {
  const word = wordsOf(accessForms.sslverifyclient, directive);
  if (word === 'require' || word === 'on' || word === undefined) {
    readFront(draft, directive, place);
    return;
  }
  const shuts = new Map(draft.access?.front);
  shuts.delete(directive.key);
  draft.access = { ...draft.access, front: shuts };
};

/** By lower-case name. */
export const accessReaders: Readonly<Record<string, ScopeReader>> = {
  require: (draft, directive) => addRequirement(draft, directive, undefined),
  authmerging: (draft, directive) => {
    const merging = wordsOf(accessForms.authmerging, directive);
    if (merging !== undefined) draft.access = { ...draft.access, merging };
  },
  order: (draft, directive) => {
    const order = wordsOf(accessForms.order, directive);
    if (order !== undefined) setHosts(draft, { order });
  },
  allow: (draft, directive) => addHostRules(draft, 'allow', directive, undefined),
  deny: (draft, directive) => addHostRules(draft, 'deny', directive, undefined),
  satisfy: (draft, directive) =>
    setHosts(draft, { satisfy: wordsOf(accessForms.satisfy, directive) ?? 'all' }),
  authtype: (draft, directive) => {
    const type = wordsOf(accessForms.authtype, directive) ?? '';
    const { authType: _before, ...access } = draft.access ?? {};
    draft.access = type.toLowerCase() === 'none' ? access : { ...access, authType: rule(directive) };
  },
  allowmethods: (draft, directive) => {
    const said = wordsOf(accessForms.allowmethods, directive);
    // "reset" lets all in, also those that stood before it.
    const named = said?.kind === 'methods' ? said.methods.map(methodOf) : [];
    const before = said?.kind === 'reset' ? [] : (draft.access?.allowed?.methods ?? []);
    draft.access = {
      ...draft.access,
      allowed: { methods: new Set([...before, ...named]), rule: rule(directive) },
    };
  },
  wsgiaccessscript: readFront,
  luahookaccesschecker: readFront,
  sslverifyclient: readVerify,
  sslrequire: readFront,
  sslrequiressl: readFront,
};

/** Apache has one number for both; methods are told apart by case. */
export function methodOf(word: string): string {
  return word === 'HEAD' ? 'GET' : word;
}

/** Adds a `Require`; the outermost group of a place is `<RequireAny>` (mod_authz_core `create_default_section()`). */
export function addRequirement(
  draft: ScopeDraft,
  node: DirectiveNode,
  methods: MethodLimit | undefined,
): void {
  const entry = node.kind === 'section' ? readGroup(node, methods) : readRequirement(node, methods);
  const before = draft.access?.requirement?.requirement;
  const children = before?.kind === 'group' ? [...before.children, entry] : [entry];
  const group = { kind: 'group', operator: 'or', children, rule: entry.requirement.rule } as const;
  draft.access = { ...draft.access, requirement: { requirement: group, negated: false, methods: undefined } };
}

function readGroup(section: Section, methods: MethodLimit | undefined): RequirementEntry {
  const children: RequirementEntry[] = [];
  for (const child of section.children) {
    if (child.kind === 'section') children.push(readGroup(child, methods));
    else if (child.key === 'require') children.push(readRequirement(child, methods));
  }
  const operator = section.key === 'requireall' ? 'and' : 'or';
  const requirement: Requirement = { kind: 'group', operator, children, rule: rule(section) };
  return { requirement, negated: section.key === 'requirenone', methods: undefined };
}

function readRequirement(directive: Directive, methods: MethodLimit | undefined): RequirementEntry {
  const said = wordsOf(accessForms.require, directive);
  const requirement = requirementOf(directive, said?.provider ?? { kind: 'front' });
  return { requirement, negated: said?.negated ?? false, methods };
}

function requirementOf(directive: Directive, provider: Provider): Requirement {
  if (provider.kind === 'front') return { kind: 'front', rule: frontRule(directive) };
  if (provider.kind === 'methods')
    return { kind: 'methods', methods: provider.methods.map(methodOf), rule: rule(directive) };
  return { ...provider, rule: rule(directive) };
}

function setHosts(draft: ScopeDraft, change: Partial<HostAccess>): void {
  const before: HostAccess = draft.access?.hosts ?? {
    order: 'deny,allow',
    allow: [],
    deny: [],
    satisfy: 'all',
  };
  draft.access = { ...draft.access, hosts: { ...before, ...change } } satisfies AccessRules;
}

/** `Allow from …` and `Deny from …`. */
export function addHostRules(
  draft: ScopeDraft,
  list: 'allow' | 'deny',
  directive: Directive,
  methods: MethodLimit | undefined,
): void {
  const sources = wordsOf(accessForms[list], directive) ?? [{ kind: 'front' }];
  const rules = sources.map(
    (from): HostRule => ({
      rule: from.kind === 'front' ? frontRule(directive) : rule(directive),
      methods,
      from,
    }),
  );
  setHosts(draft, { [list]: [...(draft.access?.hosts?.[list] ?? []), ...rules] });
}
