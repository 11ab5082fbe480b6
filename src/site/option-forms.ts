/** Directives that are lists of known words: Options, AllowOverride, HttpProtocolOptions, RewriteOptions. */
import type { Directive } from '../apache/directive.ts';
import { countFault, type Fault, notOneOf, type Reading } from './word-forms.ts';

type Words = Pick<Directive, 'args'>;

const OPTIONS = [
  'Indexes',
  'Includes',
  'IncludesNOEXEC',
  'FollowSymLinks',
  'SymLinksIfOwnerMatch',
  'ExecCGI',
  'MultiViews',
  'RunScripts',
];

/** The words of `Options`, signs and all (httpd `set_options()`). */
export function readOptions({ args }: Words): Reading<readonly string[]> {
  let isSigned = false;
  let isWhole = false;
  for (const [index, word] of args.entries()) {
    const sign = /^[+-]/.test(word);
    const name = sign ? word.slice(1) : word;
    const fault = isAmong(name, ['All', 'None'])
      ? wholeFault(word, sign, index)
      : isAmong(name, OPTIONS)
        ? undefined
        : notOneOf([word], ['All', 'None', ...OPTIONS.slice(0, -1)]);
    if (fault !== undefined) return { fault };
    if (index > 0 && (sign ? !isSigned && !isWhole : isSigned)) return { fault: MIXED };
    isSigned ||= sign;
    isWhole ||= isAmong(name, ['All', 'None']);
  }
  return { value: args };
}

const MIXED: Fault = {
  message: 'Words with + or - stand beside words without',
  advice: 'Write + or - before all of them, or before none',
};

function wholeFault(word: string, isSigned: boolean, index: number): Fault | undefined {
  if (!isSigned && index === 0) return undefined;
  return {
    message: `"${word}" stands where Apache does not take it`,
    advice: 'Write it first and without a sign',
  };
}

const OVERRIDES = ['All', 'None', 'AuthConfig', 'FileInfo', 'Indexes', 'Limit', 'Options', 'Nonfatal'];

/** Whether `AllowOverride` lets anything of `.htaccess` count (httpd `set_override()`): what stands behind the last `None`. */
export function readOverride({ args }: Words): Reading<boolean> {
  let counts = false;
  for (const word of args) {
    const [name = '', value] = word.split('=', 2);
    if (!isAmong(name, OVERRIDES)) return { fault: notOneOf([word], OVERRIDES) };
    if (value === undefined && isAmong(name, ['Nonfatal']))
      return { fault: notOneOf([word], ['Nonfatal=Override', 'Nonfatal=Unknown', 'Nonfatal=All']) };
    const wrong = isAmong(name, ['Options']) ? wrongOption(value) : undefined;
    if (wrong !== undefined) return { fault: notOneOf([wrong], ['All', 'None', ...OPTIONS.slice(0, -1)]) };
    counts = !isAmong(name, ['None']);
  }
  return { value: counts };
}

/** Of `Options=Indexes,MultiViews`, a word that is no option (httpd `set_allow_opts()`). */
function wrongOption(value: string | undefined): string | undefined {
  const known = ['All', 'None', ...OPTIONS];
  return value?.split(',').find((word) => word !== '' && !isAmong(word, known));
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

const EXCLUSIVE = [
  ['Strict', 'Unsafe'],
  ['RegisteredMethods', 'LenientMethods'],
  ['Require1.0', 'Allow0.9'],
] as const;

/** httpd `set_http_protocol_options()`. */
export function readProtocolOptions({ args }: Words): Reading<ProtocolOptions> {
  const wrong = args.find((word) => !isAmong(word, EXCLUSIVE.flat()));
  if (args.length === 0) return { fault: countFault(args, 1, Infinity) };
  if (wrong !== undefined) return { fault: notOneOf([wrong], EXCLUSIVE.flat()) };
  const said = (name: string): boolean => isAmong(name, args);
  const both = EXCLUSIVE.find(([one, other]) => said(one) && said(other));
  if (both !== undefined)
    return {
      fault: { message: `"${both[0]}" and "${both[1]}" exclude each other`, advice: 'Keep one of the two' },
    };
  return {
    value: {
      ...(said('Strict') || said('Unsafe') ? { isStrict: said('Strict') } : {}),
      ...(said('RegisteredMethods') || said('LenientMethods')
        ? { isRegistered: said('RegisteredMethods') }
        : {}),
    },
  };
}

const REWRITE_OPTIONS =
  'Inherit InheritBefore InheritDown InheritDownBefore IgnoreInherit AllowNoSlash AllowAnyURI MergeBase IgnoreContextInfo LegacyPrefixDocRoot UnsafePrefixStat'.split(
    ' ',
  );

/** The words of `RewriteOptions` in lower case; the list has grown with Apache's versions, so one that is not in it is a doubt. */
export function readRewriteOptions({ args }: Words): Reading<readonly string[]> {
  if (args.length === 0) return { fault: countFault(args, 1, Infinity) };
  const value = args.map((word) => word.toLowerCase());
  const strange = args.find((word) => !isAmong(word, REWRITE_OPTIONS) && !/^MaxRedirects=/i.test(word));
  if (strange === undefined) return { value };
  return {
    value,
    doubt: { ...notOneOf([strange], REWRITE_OPTIONS), advice: 'Correct it, unless a later Apache knows it' },
  };
}

function isAmong(word: string, names: readonly string[]): boolean {
  const lower = word.toLowerCase();
  return names.some((name) => name.toLowerCase() === lower);
}
