/** `<IfModule>`, `<IfDefine>`, `<IfVersion>`, `<IfFile>`, `<IfDirective>`, `<IfSection>`: decided while reading. */
import { absolutePath } from './include.ts';
import { lowerAscii, readWord, splitWords } from './lexer.ts';
import { hasDirective, hasModule } from './modules.ts';
import { type Finding, type Reading, syntaxError } from './reading.ts';

/** Whether a conditional section holds; with a finding when that could not be told. */
export type Verdict = { readonly holds: boolean; readonly finding?: Finding };

type Test = (reading: Reading, word: string) => boolean | undefined;

const tests: ReadonlyMap<string, Test> = new Map<string, Test>([
  ['ifmodule', (reading, word) => hasModule(reading.modules, word)],
  ['ifdefine', (reading, word) => reading.defines.has(word)],
  ['iffile', (reading, word) => reading.reader.kind(absolutePath(reading.serverRoot, word)) !== undefined],
  ['ifdirective', (reading, word) => hasDirective(reading.modules, lowerAscii(word))],
  ['ifsection', (reading, word) => hasDirective(reading.modules, lowerAscii(`<${word}`))],
]);

/** Whether a section of this lower-case name is a condition. */
export function isCondition(key: string): boolean {
  return key === 'ifversion' || tests.has(key);
}

/** Decides a condition (`start_cond_section` of httpd server/core.c). `text` is what stands behind the name, `>` included. */
export function decide(reading: Reading, name: string, text: string): Verdict {
  const key = lowerAscii(name);
  if (key === 'ifversion') return decideVersion(reading, text);
  const end = text.lastIndexOf('>');
  if (end < 0) return failed(name, 'Missing closing ">"');
  const isNegated = text.startsWith('!');
  const { word } = readWord(text.slice(isNegated ? 1 : 0, end));
  if (word === '') return failed(name, 'Requires additional arguments');
  const result = tests.get(key)?.(reading, word);
  if (result === undefined) return undecidable(name, word);
  return { holds: result !== isNegated };
}

function failed(name: string, message: string): Verdict {
  return {
    holds: false,
    finding: syntaxError(`<${name}>`, message, 'Correct the line; what is inside is skipped until then'),
  };
}

function undecidable(name: string, word: string): Verdict {
  return {
    holds: false,
    finding: {
      severity: 'warning',
      id: 'condition-undecidable',
      directive: `<${name}>`,
      message: `Nobody here knows whether "${word}" is a directive of a loaded third-party module, so what is inside is skipped`,
      advice: 'Use <IfModule> instead',
    },
  };
}

/** `<IfVersion [[!]OPERATOR] VERSION>`; the `>` may be a word of its own (httpd modules/metadata/mod_version.c). */
function decideVersion(reading: Reading, text: string): Verdict {
  const words = splitWords(text);
  if (words.length > 3) return failed('IfVersion', 'Takes one, two or three arguments');
  const hasOwnBracket = words.length > 1 && words.at(-1) === '>';
  const last = hasOwnBracket ? words.at(-2) : words.at(-1)?.replace(/>$/, '');
  const isClosed = hasOwnBracket || words.at(-1)?.endsWith('>') === true;
  if (!isClosed || last === undefined) return failed('IfVersion', 'Missing closing ">"');
  if (!hasOwnBracket && words.length === 3) return failed('IfVersion', 'Missing closing ">"');
  const isPlain = words.length === (hasOwnBracket ? 2 : 1);
  const written = isPlain ? '=' : (words[0] ?? '=');
  const isNegated = written.startsWith('!') && written.length > 1;
  const result = compareVersion(isNegated ? written.slice(1) : written, last, reading.serverVersion);
  if (typeof result === 'string') return failed('IfVersion', result);
  return { holds: result !== isNegated };
}

function compareVersion(operator: string, wanted: string, server: readonly number[]): boolean | string {
  if (operator === '~') return matchVersion(wanted, server);
  if ((operator === '=' || operator === '==') && wanted.startsWith('/')) {
    if (wanted.length < 2 || !wanted.endsWith('/')) return 'Missing delimiting / of regular expression';
    return matchVersion(wanted.slice(1, -1), server);
  }
  if (!['=', '==', '<', '<=', '>', '>='].includes(operator)) return `Unrecognized operator "${operator}"`;
  if (!/^\d+(\.\d*){0,2}$/.test(wanted)) {
    return `Version "${wanted}" appears to be invalid. It must have the format major[.minor[.patch]] where major, minor and patch are numbers`;
  }
  const sign = Math.sign(versionOrder(server, wanted.split('.').map(Number)));
  if (sign === 0) return operator.endsWith('=');
  return operator.startsWith(sign > 0 ? '>' : '<');
}

function versionOrder(server: readonly number[], wanted: readonly number[]): number {
  for (let i = 0; i < 3; i += 1) {
    const difference = (server[i] ?? 0) - (wanted[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function matchVersion(pattern: string, server: readonly number[]): boolean | string {
  try {
    return new RegExp(pattern).test(server.join('.'));
  } catch {
    return 'Unable to compile regular expression';
  }
}
