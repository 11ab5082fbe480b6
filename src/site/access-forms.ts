/** The words of directives about access (mod_authz_core, mod_authz_host, mod_access_compat, mod_allowmethods): what they mean, each read here alone. */
import type { Directive } from '../apache/directive.ts';
import type { HostRule } from './access.ts';
import { type AddressBlock, readBlock } from './address-block.ts';
import { type ScriptWords, scriptForms } from './script-words.ts';
import { choice, type Fault, type Form, list, type Reading, text } from './word-forms.ts';

/** Whom a `Require` lets in; `front` is decided by what the sidecar does not know. */
export type Provider =
  | { readonly kind: 'all'; readonly granted: boolean }
  | { readonly kind: 'addresses'; readonly blocks: readonly AddressBlock[] }
  | { readonly kind: 'local' }
  | { readonly kind: 'methods'; readonly methods: readonly string[] }
  | { readonly kind: 'front' };

/** The words of a `Require`. */
export type RequireWords = { readonly negated: boolean; readonly provider: Provider };

/** `AllowMethods`: `reset` lets all in; method names as they are written. */
export type AllowedWords =
  | { readonly kind: 'reset' }
  | { readonly kind: 'methods'; readonly methods: readonly string[] };

/** What their words say, by lower-case name. */
export type AccessWords = {
  require: RequireWords;
  allowmethods: AllowedWords;
  order: 'deny,allow' | 'allow,deny' | 'mutual-failure';
  satisfy: 'all' | 'any';
  authmerging: 'off' | 'and' | 'or';
  allow: readonly HostRule['from'][];
  deny: readonly HostRule['from'][];
  authtype: string;
  sslverifyclient: 'none' | 'optional' | 'require' | 'optional_no_ca' | 'off' | 'on';
  wsgiaccessscript: ScriptWords;
  wsgiauthuserscript: ScriptWords;
  wsgiauthgroupscript: ScriptWords;
  registerhttpmethod: readonly string[];
};

/** By lower-case name. */
export const accessForms: { readonly [K in keyof AccessWords]: Form<AccessWords[K]> } = {
  require: readRequire,
  allowmethods: readAllowed,
  order: choice('deny,allow', 'allow,deny', 'mutual-failure'),
  satisfy: choice('all', 'any'),
  authmerging: choice('off', 'and', 'or'),
  allow: readHosts,
  deny: readHosts,
  authtype: text,
  sslverifyclient: choice('none', 'optional', 'require', 'optional_no_ca', 'off', 'on'),
  wsgiaccessscript: scriptForms.wsgiaccessscript,
  wsgiauthuserscript: scriptForms.wsgiauthuserscript,
  wsgiauthgroupscript: scriptForms.wsgiauthgroupscript,
  registerhttpmethod: list(1),
};

function readRequire({ args }: Pick<Directive, 'args'>): Reading<RequireWords> {
  const negated = args[0]?.toLowerCase() === 'not';
  const [name, ...words] = negated ? args.slice(1) : args;
  if (name === undefined)
    return { fault: { message: 'Nothing is required', advice: 'Write e.g. "Require all granted"' } };
  const provider = readProvider(name, words);
  return 'fault' in provider ? provider : { value: { negated, provider: provider.value } };
}

const readGrant = choice('granted', 'denied');

const PROVIDERS: ReadonlySet<string> = new Set(
  'all env expr forward-dns group host ip local method user valid-user'.split(' '),
);

/** Names of providers are compared with case (httpd `ap_lookup_provider()`). */
function readProvider(name: string, words: readonly string[]): Reading<Provider> {
  switch (name) {
    case 'all': {
      const reading = readGrant({ name, args: words, text: '' });
      return 'fault' in reading ? reading : { value: { kind: 'all', granted: reading.value === 'granted' } };
    }
    case 'ip':
      return words.length === 0
        ? { fault: { message: 'No address is named', advice: `Write e.g. "Require ip 10.0.0.0/8"` } }
        : readAddresses(words);
    case 'method':
      return { value: { kind: 'methods', methods: words } };
    case 'local':
      return { value: { kind: 'local' } };
    default:
  }
  const lower = name.toLowerCase();
  if (lower === name || !PROVIDERS.has(lower)) return { value: { kind: 'front' } };
  return { fault: { message: `"${name}" is nothing that Apache can require`, advice: `Write "${lower}"` } };
}

function readAddresses(words: readonly string[]): Reading<Provider> {
  const readings = words.map(readBlock);
  const wrong = readings.findIndex(({ kind }) => kind === 'refused');
  if (wrong !== -1) return { fault: noAddress(words[wrong] as string) };
  const blocks = readings.flatMap((reading) => (reading.kind === 'block' ? [reading.block] : []));
  return { value: blocks.length === words.length ? { kind: 'addresses', blocks } : { kind: 'front' } };
}

/** The fault of a word that is no address. */
export function noAddress(word: string): Fault {
  const advice = 'Write e.g. 10.1.2.3, 10.1, 10.1.0.0/16 or 2001:db8::/32, with blanks between them';
  return { message: `"${word}" is no address`, advice };
}

function readAllowed({ args }: Pick<Directive, 'args'>): Reading<AllowedWords> {
  if (args.length === 0)
    return {
      fault: { message: 'No method is named', advice: 'Name the methods to let in, or "reset" for all' },
    };
  const isReset = args.length === 1 && args[0]?.toLowerCase() === 'reset';
  return { value: isReset ? { kind: 'reset' } : { kind: 'methods', methods: args } };
}

function readHosts({ name, args }: Pick<Directive, 'name' | 'args'>): Reading<readonly HostRule['from'][]> {
  const [from, ...words] = args;
  if (from?.toLowerCase() !== 'from' || words.length === 0) {
    const message = '"from" and whom it is for are missing';
    const advice = `Write e.g. "${name} from all" or "${name} from 10.0.0.0/8"`;
    return { fault: { message, advice } };
  }
  const sources = words.map(readSource);
  const wrong = sources.indexOf(undefined);
  if (wrong !== -1) return { fault: noAddress(words[wrong] as string) };
  return { value: sources.filter((source) => source !== undefined) };
}

/** Undefined for what looks like an address and is none; a name is looked up by Apache alone. */
function readSource(word: string): HostRule['from'] | undefined {
  if (word.toLowerCase() === 'all') return { kind: 'all' };
  const variable = /^env=(!?)(.*)$/i.exec(word);
  if (variable !== null)
    return { kind: 'variable', name: variable[2] as string, negated: variable[1] === '!' };
  const reading = readBlock(word);
  if (reading.kind === 'block') return { kind: 'addresses', block: reading.block };
  return reading.kind === 'refused' && /^[\d.]+$|[:/]/.test(word) ? undefined : { kind: 'front' };
}

/** The fault of methods that Apache does not know, undefined where it knows all of them. */
export function methodFault(words: readonly string[], methods: ReadonlySet<string>): Fault | undefined {
  const wrong = words.find((word) => !methods.has(word));
  if (wrong === undefined) return undefined;
  const known = methods.has(wrong.toUpperCase());
  return {
    message: `"${wrong}" is no method that Apache knows`,
    advice: known ? `Write ${wrong.toUpperCase()}` : 'Correct it, or have it known by RegisterHttpMethod',
  };
}
