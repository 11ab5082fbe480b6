/** Directives that are lists of known words: Options, AllowOverride, HttpProtocolOptions, RewriteOptions. */
import type { Directive } from '../apache/directive.ts';
import { countFault, type Fault, notOneOf, type Reading } from './word-forms.ts';

type Words = Pick<Directive, 'args'>;

/** Known words, compared without case. */
type Vocabulary = { readonly names: readonly string[]; readonly has: (word: string) => boolean };

function vocabulary(text: string): Vocabulary {
  const names = text.split(' ');
  const known = new Set(names.map((name) => name.toLowerCase()));
  return { names, has: (word) => known.has(word.toLowerCase()) };
}

const WHOLES = vocabulary('All None');
const OPTIONS = vocabulary(
  'All None Indexes Includes IncludesNOEXEC FollowSymLinks SymLinksIfOwnerMatch ExecCGI MultiViews RunScripts',
);

/** The words of `Options`, signs and all (httpd `set_options()`). */
export function readOptions({ args }: Words): Reading<readonly string[]> {
  let isSigned = false;
  let isWhole = false;
  for (const [index, word] of args.entries()) {
    const sign = word.startsWith('+') || word.startsWith('-');
    const name = sign ? word.slice(1) : word;
    if (!OPTIONS.has(name)) return { fault: notOneOf([word], OPTIONS.names) };
    if (WHOLES.has(name) && (sign || index > 0)) return { fault: misplaced(word) };
    if (index > 0 && (sign ? !isSigned && !isWhole : isSigned)) return { fault: MIXED };
    isSigned ||= sign;
    isWhole ||= WHOLES.has(name);
  }
  return { value: args };
}

const MIXED: Fault = {
  message: 'Words with + or - stand beside words without',
  advice: 'Write + or - before all of them, or before none',
};

function misplaced(word: string): Fault {
  const message = `"${word}" stands where Apache does not take it`;
  return { message, advice: 'Write it first and without a sign' };
}

const OVERRIDES = vocabulary('All None AuthConfig FileInfo Indexes Limit Options Nonfatal');
const NONFATAL = ['Nonfatal=Override', 'Nonfatal=Unknown', 'Nonfatal=All'];

/** Whether `AllowOverride` lets anything of `.htaccess` count (httpd `set_override()`): what stands behind the last `None`. */
export function readOverride({ args }: Words): Reading<boolean> {
  let counts = false;
  for (const word of args) {
    const [name = '', value] = word.toLowerCase().split('=', 2);
    if (!OVERRIDES.has(name)) return { fault: notOneOf([word], OVERRIDES.names) };
    if (name === 'nonfatal' && value === undefined) return { fault: notOneOf([word], NONFATAL) };
    // httpd `set_allow_opts()`.
    const options = name === 'options' && value !== undefined ? value.split(',') : [];
    const wrong = options.find((each) => each !== '' && !OPTIONS.has(each));
    if (wrong !== undefined) return { fault: notOneOf([wrong], OPTIONS.names) };
    counts = name !== 'none';
  }
  return { value: counts };
}

/** Whether `AllowOverrideList` names anything (httpd `set_override_list()`). */
export function readOverrideList({ args }: Words): Reading<boolean> {
  const none = args.findIndex((word) => word.toLowerCase() === 'none');
  if (none === -1) return { value: args.length > 0 };
  if (args.length === 1) return { value: false };
  return {
    fault: { message: '"None" stands beside other words', advice: 'Write it alone, or leave it out' },
  };
}

/** What `HttpProtocolOptions` says, as far as it does. */
export type ProtocolOptions = { readonly isStrict?: boolean; readonly isRegistered?: boolean };

const PROTOCOL = vocabulary('Strict Unsafe RegisteredMethods LenientMethods Require1.0 Allow0.9');
const EXCLUSIVE: readonly (readonly [string, string])[] = [
  ['Strict', 'Unsafe'],
  ['RegisteredMethods', 'LenientMethods'],
  ['Require1.0', 'Allow0.9'],
];

/** httpd `set_http_protocol_options()`. */
export function readProtocolOptions({ args }: Words): Reading<ProtocolOptions> {
  const wrong = args.find((word) => !PROTOCOL.has(word));
  if (args.length === 0) return { fault: countFault(args, 1, Infinity) };
  if (wrong !== undefined) return { fault: notOneOf([wrong], PROTOCOL.names) };
  const said = vocabulary(args.join(' '));
  const both = EXCLUSIVE.find((pair) => pair.every(said.has));
  if (both !== undefined) return { fault: exclusive(both) };
  const isStrict = said.has('Strict') || (said.has('Unsafe') ? false : undefined);
  const isRegistered = said.has('RegisteredMethods') || (said.has('LenientMethods') ? false : undefined);
  return {
    value: {
      ...(isStrict === undefined ? {} : { isStrict }),
      ...(isRegistered === undefined ? {} : { isRegistered }),
    },
  };
}

function exclusive([one, other]: readonly [string, string]): Fault {
  return { message: `"${one}" and "${other}" exclude each other`, advice: 'Keep one of the two' };
}

const REWRITE = vocabulary(
  'Inherit InheritBefore InheritDown InheritDownBefore IgnoreInherit AllowNoSlash AllowAnyURI MergeBase IgnoreContextInfo LegacyPrefixDocRoot UnsafePrefixStat',
);

/** The words of `RewriteOptions` in lower case; the list has grown with Apache's versions, so one that is not in it is a doubt. */
export function readRewriteOptions({ args }: Words): Reading<readonly string[]> {
  if ((args[0] ?? '') === '') return { fault: countFault(args, 1, Infinity) };
  const value = args.map((word) => word.toLowerCase());
  const strange = args.find((word) => !REWRITE.has(word) && !/^MaxRedirects=/i.test(word));
  if (strange === undefined) return { value };
  const { message } = notOneOf([strange], REWRITE.names);
  return { value, doubt: { message, advice: 'Correct it, unless a later Apache knows it' } };
}
