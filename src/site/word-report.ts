/** Words with which Apache does not start, and words that it takes otherwise than they look: read as something else they would open a door, or shut it, without a word. */
import type { Diagnostic } from '../apache/diagnostic.ts';
import type { Directive, DirectiveNode, Section } from '../apache/directive.ts';
import { accessForms, methodFault } from './access-forms.ts';
import { parseBlock } from './address-block.ts';
import { redirectFault } from './alias.ts';
import { coreForms, plainCoreForms } from './core-forms.ts';
import { diagnose } from './diagnose.ts';
import { namedMethods } from './registered-methods.ts';
import { countFault, type Fault, type Form, wordsOf } from './word-forms.ts';
import { plainWsgiForms, wsgiForms } from './wsgi-forms.ts';

/** What the rest of the configuration says about a directive. */
type Surroundings = {
  /** The nearest section of requirements around it; without any Apache takes `<RequireAny>`. */
  readonly group: string;
  /** Whether it stands in a section for places, and not in the text of a server. */
  readonly isInside: boolean;
  readonly methods: ReadonlySet<string>;
};

const forms: ReadonlyMap<string, Form<unknown>> = new Map(
  Object.entries({ ...coreForms, ...plainCoreForms, ...wsgiForms, ...plainWsgiForms, ...accessForms }),
);

/** What Apache refuses for where a directive stands, by lower-case name. */
const judges: Readonly<Record<string, (directive: Directive, around: Surroundings) => Fault | undefined>> = {
  require: requirementFault,
  allowmethods: allowedFault,
  allow: ({ args }) => worldFault(args, 'Write "from all"'),
  deny: ({ args }) => worldFault(args, 'Write "from all"'),
  wsgitrustedproxies: ({ args }) => worldFault(args, 'Name the networks of the proxies'),
  alias: ({ args }, around) => aliasFault(args, around),
  scriptalias: ({ args }, around) => aliasFault(args, around),
  aliasmatch: ({ args }) => aliasFault(args, { isInside: false }),
  scriptaliasmatch: ({ args }) => aliasFault(args, { isInside: false }),
  redirect: (directive, { isInside }) => redirectFault(directive, isInside),
  redirectmatch: (directive, { isInside }) => redirectFault(directive, isInside),
  redirectpermanent: (directive, { isInside }) => redirectFault(directive, isInside),
  redirecttemp: (directive, { isInside }) => redirectFault(directive, isInside),
};

/** An error at each directive whose words Apache refuses, a warning where it takes them otherwise than they look; those that name mounts and processes have findings of their own. */
export function wordDiagnostics(tree: readonly DirectiveNode[]): readonly Diagnostic[] {
  return findingsOf(tree, { group: 'requireany', isInside: false, methods: namedMethods(tree) });
}

function findingsOf(nodes: readonly DirectiveNode[], around: Surroundings): readonly Diagnostic[] {
  return nodes.flatMap((node) => {
    if (node.kind === 'directive') return directiveFindings(node, around);
    const group = /^require(?:all|any|none)$/.test(node.key) ? node.key : around.group;
    const isInside = around.isInside || node.key !== 'virtualhost';
    const inner = findingsOf(node.children, { ...around, group, isInside });
    return [...refusal(node, sectionFault(node, around)), ...inner];
  });
}

function directiveFindings(directive: Directive, around: Surroundings): readonly Diagnostic[] {
  const reading = forms.get(directive.key)?.(directive);
  if (reading !== undefined && 'fault' in reading) return refusal(directive, reading.fault);
  const doubt = reading?.doubt;
  const doubts =
    doubt === undefined
      ? []
      : [{ ...diagnose(directive, 'warning', 'word-doubtful', doubt.message), advice: doubt.advice }];
  return [...doubts, ...refusal(directive, judges[directive.key]?.(directive, around))];
}

function refusal(node: DirectiveNode, fault: Fault | undefined): readonly Diagnostic[] {
  if (fault === undefined) return [];
  return [{ ...diagnose(node, 'error', 'config-syntax', fault.message), advice: fault.advice }];
}

function sectionFault({ key, args }: Section, { group }: Surroundings): Fault | undefined {
  if (key === 'limit' && args.includes('TRACE'))
    return { message: '"TRACE" cannot be limited', advice: 'Write "TraceEnable Off"' };
  return key === 'requirenone' ? negationFault(group) : undefined;
}

/** Only `<RequireAll>` can hold what must not be (httpd `add_authz_provider()`, `add_authz_section()`). */
function negationFault(group: string): Fault | undefined {
  if (group === 'requireall') return undefined;
  const name =
    group === 'requirenone' ? '<RequireNone>' : '<RequireAny>, which also holds without any section';
  return {
    message: `What must not be has no effect in ${name}`,
    advice: 'Put it into <RequireAll>, beside what lets in',
  };
}

function requirementFault(directive: Directive, { group, methods }: Surroundings): Fault | undefined {
  const said = wordsOf(accessForms.require, directive);
  if (said?.provider.kind === 'methods') {
    const fault = methodFault(said.provider.methods, methods);
    if (fault !== undefined) return fault;
  }
  if (directive.args[said?.negated === true ? 1 : 0] === 'ip') {
    const fault = worldFault(directive.args, 'Write "Require all granted"');
    if (fault !== undefined) return fault;
  }
  return said?.negated === true ? negationFault(group) : undefined;
}

/** Apache takes no network of 0 bits (apr `apr_ipsubnet_create()`); what is one is plain all the same. */
function worldFault(words: readonly string[], advice: string): Fault | undefined {
  const wrong = words.find((word) => /\/\+?0+$/.test(word) && parseBlock(word) !== undefined);
  return wrong === undefined ? undefined : { message: `"${wrong}" would be all addresses`, advice };
}

function allowedFault(directive: Directive, { methods }: Surroundings): Fault | undefined {
  const said = wordsOf(accessForms.allowmethods, directive);
  return said?.kind === 'methods' ? methodFault(said.methods, methods) : undefined;
}

/** A place has its own path; elsewhere it is the first of two words (mod_alias `add_alias_internal()`). */
function aliasFault(
  words: readonly string[],
  { isInside }: Pick<Surroundings, 'isInside'>,
): Fault | undefined {
  const wanted = isInside ? 1 : 2;
  const isRight = words.length === wanted && words[0] !== '';
  return isRight ? undefined : countFault(words, wanted, wanted);
}
