/** Words of access directives with which Apache does not start: read as something else they would open a door, or shut it without a word. */
import type { Diagnostic } from '../apache/diagnostic.ts';
import type { Directive, DirectiveNode, Section } from '../apache/directive.ts';
import { isNoAddress } from './address-block.ts';
import { diagnose } from './diagnose.ts';
import { registeredMethods } from './registered-methods.ts';

/** What is wrong, and what was wanted. */
type Fault = { readonly message: string; readonly advice: string };

/** What the rest of the configuration says about a directive. */
type Surroundings = {
  /** The nearest section of requirements around it; without any Apache takes `<RequireAny>`. */
  readonly group: string;
  readonly methods: ReadonlySet<string>;
};

/** By lower-case name: undefined where nothing is surely wrong. */
const judges: Readonly<Record<string, (directive: Directive, around: Surroundings) => Fault | undefined>> = {
  require: requirementFault,
  allowmethods: ({ args }, { methods }) => allowedFault(args, methods),
  order: ({ args }) => wordFault(args, ['deny,allow', 'allow,deny', 'mutual-failure']),
  satisfy: ({ args }) => wordFault(args, ['all', 'any']),
  authmerging: ({ args }) => wordFault(args, ['off', 'and', 'or']),
  allow: hostFault,
  deny: hostFault,
};

/** An error at each directive about access whose words Apache refuses (mod_authz_core, mod_authz_host, mod_access_compat, mod_allowmethods). */
export function accessWordDiagnostics(tree: readonly DirectiveNode[]): readonly Diagnostic[] {
  const methods = new Set([...registeredMethods, ...methodsOf(tree)]);
  return faultsOf(tree, { group: 'requireany', methods });
}

function methodsOf(tree: readonly DirectiveNode[]): readonly string[] {
  return tree.flatMap((node) => {
    if (node.kind === 'section') return methodsOf(node.children);
    return node.key === 'registerhttpmethod' ? node.args : [];
  });
}

function faultsOf(nodes: readonly DirectiveNode[], around: Surroundings): readonly Diagnostic[] {
  return nodes.flatMap((node) => {
    const fault = node.kind === 'section' ? sectionFault(node, around) : judges[node.key]?.(node, around);
    const own =
      fault === undefined
        ? []
        : [{ ...diagnose(node, 'error', 'config-syntax', fault.message), advice: fault.advice }];
    if (node.kind === 'directive') return own;
    const group = /^require(?:all|any|none)$/.test(node.key) ? node.key : around.group;
    return [...own, ...faultsOf(node.children, { ...around, group })];
  });
}

function sectionFault({ key }: Section, { group }: Surroundings): Fault | undefined {
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

function requirementFault({ args }: Directive, { group, methods }: Surroundings): Fault | undefined {
  const negated = args[0]?.toLowerCase() === 'not';
  const [provider, ...rest] = negated ? args.slice(1) : args;
  if (provider === undefined)
    return { message: 'Nothing is required', advice: 'Write e.g. "Require all granted"' };
  return providerFault(provider, rest, methods) ?? (negated ? negationFault(group) : undefined);
}

function providerFault(
  provider: string,
  words: readonly string[],
  methods: ReadonlySet<string>,
): Fault | undefined {
  switch (provider) {
    case 'all':
      return wordFault(words, ['granted', 'denied']);
    case 'ip':
      return words.length === 0
        ? { message: 'No address is named', advice: `Write e.g. "Require ip 10.0.0.0/8"` }
        : addressFault(words);
    case 'method':
      return methodFault(words, methods);
    default:
      return undefined;
  }
}

function wordFault(words: readonly string[], wanted: readonly string[]): Fault | undefined {
  const [word = ''] = words;
  if (words.length === 1 && wanted.includes(word.toLowerCase())) return undefined;
  const choices = wanted.map((each) => `"${each}"`).join(' or ');
  return { message: `"${words.join(' ')}" is not ${choices}`, advice: 'Write one of them' };
}

function addressFault(words: readonly string[]): Fault | undefined {
  const wrong = words.find(isNoAddress);
  if (wrong === undefined) return undefined;
  const advice = 'Write e.g. 10.1.2.3, 10.1, 10.1.0.0/16 or 2001:db8::/32, with blanks between them';
  return { message: `"${wrong}" is no address`, advice };
}

function methodFault(words: readonly string[], methods: ReadonlySet<string>): Fault | undefined {
  const wrong = words.find((word) => !methods.has(word));
  if (wrong === undefined) return undefined;
  const known = methods.has(wrong.toUpperCase());
  return {
    message: `"${wrong}" is no method that Apache knows`,
    advice: known ? `Write ${wrong.toUpperCase()}` : 'Correct it, or have it known by RegisterHttpMethod',
  };
}

function allowedFault(words: readonly string[], methods: ReadonlySet<string>): Fault | undefined {
  if (words.length === 0)
    return { message: 'No method is named', advice: 'Name the methods to let in, or "reset" for all' };
  if (words.length === 1 && words[0]?.toLowerCase() === 'reset') return undefined;
  return methodFault(words, methods);
}

function hostFault({ name, args }: Directive): Fault | undefined {
  const [from, ...words] = args;
  if (from?.toLowerCase() !== 'from' || words.length === 0)
    return {
      message: '"from" and whom it is for are missing',
      advice: `Write e.g. "${name} from all" or "${name} from 10.0.0.0/8"`,
    };
  return addressFault(words.filter((word) => /^[\d.]+$|[:/]/.test(word) && !/^env=/i.test(word)));
}
