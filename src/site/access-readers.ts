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
import { parseBlock } from './address-block.ts';
import type { ScopeDraft, ScopeReader } from './build-context.ts';
import { diagnose } from './diagnose.ts';

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
  const off = /^(?:none|off|no|optional|optional_no_ca)$/i.test(directive.args[0] ?? '');
  const shuts = new Map(draft.access?.front);
  if (directive.key === 'sslverifyclient' && off) shuts.delete(directive.key);
  else shuts.set(directive.key, frontRule(directive));
  draft.access = { ...draft.access, front: shuts };
};

/** By lower-case name. */
export const accessReaders: Readonly<Record<string, ScopeReader>> = {
  require: (draft, directive) => addRequirement(draft, directive, undefined),
  authmerging: (draft, directive) => {
    const word = directive.args[0]?.toLowerCase();
    if (word === 'off' || word === 'and' || word === 'or') draft.access = { ...draft.access, merging: word };
  },
  order: (draft, directive) => {
    const word = (directive.args[0] ?? '').toLowerCase();
    if (word === 'deny,allow' || word === 'allow,deny' || word === 'mutual-failure')
      setHosts(draft, { order: word });
  },
  allow: (draft, directive) => addHostRules(draft, 'allow', directive, undefined),
  deny: (draft, directive) => addHostRules(draft, 'deny', directive, undefined),
  satisfy: (draft, directive) => {
    setHosts(draft, { satisfy: directive.args[0]?.toLowerCase() === 'any' ? 'any' : 'all' });
  },
  authtype: (draft, directive) => {
    const type = directive.args[0] ?? '';
    const { authType: _before, ...access } = draft.access ?? {};
    draft.access = type.toLowerCase() === 'none' ? access : { ...access, authType: rule(directive) };
  },
  allowmethods: (draft, directive) => {
    // "reset" lets all in, also those that stood before it.
    const isReset = directive.args.some((word) => word.toLowerCase() === 'reset');
    const before = isReset ? [] : (draft.access?.allowed?.methods ?? []);
    const methods = new Set([...before, ...(isReset ? [] : directive.args.map(methodOf))]);
    draft.access = { ...draft.access, allowed: { methods, rule: rule(directive) } };
  },
  wsgiaccessscript: readFront,
  luahookaccesschecker: readFront,
  sslverifyclient: readFront,
  sslrequire: readFront,
  sslrequiressl: readFront,
};

/** Apache has one number for both. */
function methodOf(word: string): string {
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
  const negated = directive.args[0]?.toLowerCase() === 'not';
  const words = negated ? directive.args.slice(1) : directive.args;
  return { requirement: requirementOf(directive, words), negated, methods };
}

function requirementOf(directive: Directive, words: readonly string[]): Requirement {
  const [provider = '', ...rest] = words;
  switch (provider.toLowerCase()) {
    case 'all':
      return { kind: 'all', granted: rest[0]?.toLowerCase() === 'granted', rule: rule(directive) };
    case 'local':
      return { kind: 'local', rule: rule(directive) };
    case 'method':
      return { kind: 'methods', methods: rest.map((word) => word.toUpperCase()), rule: rule(directive) };
    case 'ip': {
      const blocks = rest.map(parseBlock);
      if (blocks.some((block) => block === undefined)) break;
      return {
        kind: 'addresses',
        blocks: blocks.filter((block) => block !== undefined),
        rule: rule(directive),
      };
    }
  }
  return { kind: 'front', rule: frontRule(directive) };
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
  const words = directive.args[0]?.toLowerCase() === 'from' ? directive.args.slice(1) : directive.args;
  const rules = words.map(
    (word): HostRule => ({ rule: hostRule(directive, word), methods, from: hostSource(word) }),
  );
  setHosts(draft, { [list]: [...(draft.access?.hosts?.[list] ?? []), ...rules] });
}

function hostRule(directive: Directive, word: string): ReturnType<typeof diagnose> {
  return hostSource(word).kind === 'front' ? frontRule(directive) : rule(directive);
}

function hostSource(word: string): HostRule['from'] {
  if (word.toLowerCase() === 'all') return { kind: 'all' };
  const variable = /^env=(!?)(.*)$/i.exec(word);
  if (variable !== null)
    return { kind: 'variable', name: variable[2] as string, negated: variable[1] === '!' };
  const block = parseBlock(word);
  return block === undefined ? { kind: 'front' } : { kind: 'addresses', block };
}
