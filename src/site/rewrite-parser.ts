/** The arguments of `RewriteCond` and `RewriteRule` (mod_rewrite `cmd_rewritecond()`, `cmd_rewriterule()`). */
import { parseExpression } from './expression-parser.ts';
import { compilePattern } from './regex.ts';
import type { RewriteCondition, RewriteFlags, RewriteRule, RewriteTest } from './rewrite.ts';
import { type Blame, parseRewriteText } from './rewrite-text.ts';

/** mod_rewrite `parseargline()`: up to three arguments, quotes around a whole one, a backslash before a space kept. */
export function parseArguments(text: string): string[] {
  const found: string[] = [];
  let at = 0;
  while (found.length < 3) {
    while (/\s/.test(text.charAt(at))) at += 1;
    if (at >= text.length) break;
    const first = text.charAt(at);
    const quote = first === '"' || first === "'" ? first : '';
    if (quote !== '') at += 1;
    const start = at;
    while (at < text.length) {
      const char = text.charAt(at);
      if (quote === '' ? /\s/.test(char) : char === quote) break;
      at += char === '\\' && /\s/.test(text.charAt(at + 1)) ? 2 : 1;
    }
    found.push(text.slice(start, at));
    at += 1;
  }
  return found;
}

/** `[flag,flag=value]`; undefined where the brackets are wrong. */
function parseFlagList(text: string | undefined): [name: string, value: string][] | undefined {
  if (text === undefined) return [];
  if (!text.startsWith('[') || !text.endsWith(']')) return undefined;
  return text
    .slice(1, -1)
    .split(',')
    .map((flag) => flag.trim())
    .filter((flag) => flag !== '')
    .map((flag) => {
      const equals = flag.indexOf('=');
      return equals === -1
        ? [flag.toLowerCase(), '']
        : [flag.slice(0, equals).toLowerCase(), flag.slice(equals + 1)];
    });
}

/** A `RewriteCond`. */
export function parseCondition(text: string, blame: Blame): RewriteCondition {
  const [input = '', rawPattern = '', rawFlags] = parseArguments(text);
  const flags = parseFlagList(rawFlags);
  const names = new Set(flags?.map(([name]) => name));
  const ignoreCase = names.has('nc') || names.has('nocase');
  const negated = rawPattern.startsWith('!');
  const test: RewriteTest =
    flags === undefined
      ? { kind: 'unknown', rule: blame(`the flags "${rawFlags}" are not understood`) }
      : parseTest(input, negated ? rawPattern.slice(1) : rawPattern, { ignoreCase, blame });
  const isAlone = test.kind === 'expression' || test.kind === 'unknown';
  const inputText = isAlone ? [] : parseRewriteText(input, blame);
  const notEqual = test.kind === 'number' && /^!?-ne/.test(rawPattern);
  const orNext = names.has('or') || names.has('ornext');
  return { input: inputText, test, negated: negated !== notEqual, ignoreCase, orNext };
}

const numberOperators: Readonly<Record<string, '<' | '<=' | '=' | '>=' | '>'>> = {
  '-lt': '<',
  '-le': '<=',
  '-gt': '>',
  '-ge': '>=',
  '-eq': '=',
  '-ne': '=',
};

type TestContext = { readonly ignoreCase: boolean; readonly blame: Blame };

function parseTest(input: string, pattern: string, { ignoreCase, blame }: TestContext): RewriteTest {
  const unknown = (error: string): RewriteTest => ({ kind: 'unknown', rule: blame(error) });
  if (input.toLowerCase() === 'expr') {
    const expression = parseExpression(pattern);
    return 'error' in expression ? unknown(expression.error) : { kind: 'expression', expression };
  }
  if (/^-[fsdxhLl]$/.test(pattern)) {
    const test = pattern.charAt(1).replace(/[hL]/, 'l') as 'f' | 's' | 'd' | 'x' | 'l';
    return { kind: 'file', test };
  }
  if (/^-[UF]$/.test(pattern)) return unknown(`the test "${pattern}" asks Apache itself`);
  const number = /^(-(?:lt|le|gt|ge|eq|ne))(.+)$/s.exec(pattern);
  if (number !== null) {
    return {
      kind: 'number',
      operator: numberOperators[number[1] as string] ?? '=',
      value: [number[2] as string],
    };
  }
  const text = /^([<>]=?|=)(.*)$/s.exec(pattern);
  if (text !== null && pattern.length > 1) {
    const value = text[1] === '=' && text[2] === '""' ? '' : (text[2] as string);
    return { kind: 'text', operator: text[1] as '<' | '<=' | '=' | '>=' | '>', value: [value] };
  }
  const compiled = compilePattern(pattern, ignoreCase);
  if ('error' in compiled) return unknown(`the pattern "${pattern}": ${compiled.error}`);
  return { kind: 'pattern', pattern: compiled };
}

/** A `RewriteRule` without its conditions. */
export function parseRule(text: string, blame: Blame): Omit<RewriteRule, 'conditions' | 'position'> {
  const [rawPattern = '', rawOutput, rawFlags] = parseArguments(text);
  const list = parseFlagList(rawFlags) ?? [];
  const { flags, error: flagError } = parseFlags(list, rawOutput ?? '', blame);
  const negated = rawPattern.startsWith('!');
  const source = negated ? rawPattern.slice(1) : rawPattern;
  const pattern = compilePattern(
    source,
    list.some(([name]) => name === 'nc' || name === 'nocase'),
  );
  const error =
    'error' in pattern
      ? `the pattern "${source}": ${pattern.error}`
      : rawOutput === undefined
        ? 'the rule has no substitution'
        : flagError;
  const isPlain = rawOutput === undefined || rawOutput === '-' || flags.status !== undefined;
  const output =
    flags.qsNone && rawOutput?.endsWith('?') === true ? rawOutput.slice(0, -1) : (rawOutput ?? '');
  return {
    pattern: 'error' in pattern ? undefined : pattern,
    unknown: error === undefined ? undefined : blame(error),
    negated,
    substitution: isPlain ? undefined : parseRewriteText(output, blame),
    flags,
  };
}

type FlagDraft = { -readonly [K in keyof RewriteFlags]: RewriteFlags[K] };

const flagNames: Readonly<Record<string, keyof RewriteFlags>> = {
  c: 'chain',
  chain: 'chain',
  l: 'last',
  last: 'last',
  end: 'end',
  n: 'next',
  next: 'next',
  pt: 'passThrough',
  passthrough: 'passThrough',
  p: 'proxy',
  proxy: 'proxy',
  qsa: 'qsAppend',
  qsappend: 'qsAppend',
  qsd: 'qsDiscard',
  qsdiscard: 'qsDiscard',
  qsl: 'qsLast',
  qslast: 'qsLast',
  dpi: 'discardPathInfo',
  discardpath: 'discardPathInfo',
  ne: 'noEscape',
  noescape: 'noEscape',
  ns: 'noSubrequest',
  nosubreq: 'noSubrequest',
  unsafeprefixstat: 'unsafePrefix',
  unsafeallow3f: 'allowQuestionMark',
  unc: 'keepSlashes',
};

const harmlessFlags: ReadonlySet<string> = new Set(['nc', 'nocase', 'co', 'cookie']);

function parseFlags(
  list: readonly (readonly [string, string])[],
  output: string,
  blame: Blame,
): { readonly flags: RewriteFlags; readonly error: string | undefined } {
  const flags: FlagDraft = emptyFlags();
  let error: string | undefined;
  for (const [name, value] of list) {
    const plain = flagNames[name];
    if (plain !== undefined) Object.assign(flags, { [plain]: true });
    else if (!harmlessFlags.has(name)) {
      error ??= readValueFlag(flags, { name, value, blame });
    }
    if (plain === 'next' && value !== '') flags.maxRounds = Number.parseInt(value, 10) || 0;
  }
  if (output.endsWith('?')) {
    if (flags.qsAppend) flags.qsLast = true;
    else flags.qsNone = true;
  } else if (flags.qsDiscard && !output.includes('?')) flags.qsNone = true;
  return { flags, error };
}

type ValueFlag = { readonly name: string; readonly value: string; readonly blame: Blame };

/** Takes a flag with a value; what is wrong with it otherwise. */
function readValueFlag(flags: FlagDraft, { name, value, blame }: ValueFlag): string | undefined {
  const escapes = flags.escapeGroups ?? { only: '', except: '', noPlus: false };
  switch (name) {
    case 'e':
    case 'env':
      flags.environment = [...flags.environment, parseRewriteText(value, blame)];
      return undefined;
    case 'h':
    case 'handler':
      flags.handler = parseRewriteText(value, blame);
      return undefined;
    case 't':
    case 'type':
      flags.type = parseRewriteText(value, blame);
      return undefined;
    case 'r':
    case 'redirect':
      return readRedirectFlag(flags, value);
    case 'f':
    case 'forbidden':
      flags.status = 403;
      return undefined;
    case 'g':
    case 'gone':
      flags.status = 410;
      return undefined;
    case 's':
    case 'skip':
      flags.skip = Number.parseInt(value, 10) || 0;
      return undefined;
    case 'b':
    case 'backrefescaping':
    case 'bctls':
      flags.escapeGroups = { ...escapes, only: value };
      return undefined;
    case 'bne':
      flags.escapeGroups = { ...escapes, except: value };
      return undefined;
    case 'bnp':
    case 'backrefernoplus':
      flags.escapeGroups = { ...escapes, noPlus: true };
      return undefined;
  }
  return `the flag "${name}" is not understood`;
}

function readRedirectFlag(flags: FlagDraft, value: string): string | undefined {
  const named: Readonly<Record<string, number>> = { '': 302, permanent: 301, temp: 302, seeother: 303 };
  const status = named[value.toLowerCase()] ?? Number(value);
  if (!Number.isInteger(status)) return `the status "${value}" is not understood`;
  if (status >= 300 && status < 400) flags.redirect = status;
  else flags.status = status;
  return undefined;
}

function emptyFlags(): FlagDraft {
  return {
    chain: false,
    last: false,
    end: false,
    next: false,
    maxRounds: 32_000,
    passThrough: false,
    proxy: false,
    qsAppend: false,
    qsDiscard: false,
    qsLast: false,
    qsNone: false,
    discardPathInfo: false,
    noEscape: false,
    noSubrequest: false,
    skip: 0,
    redirect: undefined,
    status: undefined,
    handler: undefined,
    handlerMount: undefined,
    type: undefined,
    environment: [],
    escapeGroups: undefined,
    unsafePrefix: false,
    allowQuestionMark: false,
    keepSlashes: false,
  };
}
