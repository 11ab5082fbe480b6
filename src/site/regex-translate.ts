/**
 * PCRE's syntax into JavaScript's, for 8-bit subjects without UTF: one pass over the pattern that copies what is the
 * same, rewrites what differs (inline options, possessive and atomic groups, POSIX classes, byte escapes) and gives
 * up on what JavaScript has no word for (recursion, conditions, \K, verbs).
 */
import { classBody, literal, octalEscape } from './regex-class.ts';

/** The JavaScript text and what became of the groups. */
export type Translation = {
  readonly text: string;
  readonly groups: readonly number[];
  readonly names: readonly (string | undefined)[];
};

/** Options that a pattern can set within itself. */
type Options = {
  ignoreCase: boolean;
  dotAll: boolean;
  multiLine: boolean;
  extended: boolean;
  ungreedy: boolean;
};

type Reader = {
  readonly source: string;
  at: number;
  options: Options;
  /** Names by group number; index 0 is unused. */
  readonly names: (string | undefined)[];
  extraGroups: number;
  /** What cannot be translated, once it was met; the reader then stands at the end. */
  problem: string | undefined;
};

/** Marks that stand for the opening of a group and for a reference to one until all groups are counted. */
const openMark = '\uE000';
const referenceMark = '\uE001';
const markBase = 0xf000;

/** The pattern in JavaScript's syntax, or what it holds that cannot be said there. */
export function translatePattern(
  source: string,
  ignoreCase: boolean,
): Translation | { readonly error: string } {
  const options = { ignoreCase, dotAll: true, multiLine: false, extended: false, ungreedy: false };
  const reader: Reader = { source, at: 0, options, names: [undefined], extraGroups: 0, problem: undefined };
  const text = readAlternatives(reader);
  if (reader.at < source.length) giveUp(reader, 'an unmatched ")"');
  const translation = numberGroups(text, reader);
  return reader.problem === undefined ? translation : { error: `it holds ${reader.problem}` };
}

function giveUp(reader: Reader, what: string): '' {
  reader.problem ??= what;
  reader.at = reader.source.length;
  return '';
}

function numberGroups(text: string, reader: Reader): Translation {
  const numbers = new Map<number, number>();
  const marks = new RegExp(`${openMark}(.)`, 'gs');
  for (const match of text.matchAll(marks)) numbers.set((match[1] as string).charCodeAt(0), numbers.size + 1);
  const numbered = text
    .replace(marks, '(')
    .replace(new RegExp(`${referenceMark}(.)`, 'gs'), (_whole, mark: string) => {
      const number = numbers.get(mark.charCodeAt(0));
      if (number === undefined) return giveUp(reader, 'a reference to a group that does not exist');
      return `(?:\\${number})`;
    });
  const groups = reader.names.slice(1).map((_name, index) => numbers.get(markBase + index + 1) ?? 0);
  return { text: numbered, groups, names: reader.names };
}

/** Everything up to the `)` that ends this group or the end of the pattern. */
function readAlternatives(reader: Reader): string {
  let text = '';
  while (reader.at < reader.source.length && reader.source[reader.at] !== ')') {
    if (reader.source[reader.at] === '|') {
      text += '|';
      reader.at += 1;
      continue;
    }
    const atom = readAtom(reader);
    text += atom === '' ? '' : readQuantifier(reader, atom);
  }
  return text;
}

function readQuantifier(reader: Reader, atom: string): string {
  skipExtended(reader);
  const match = /^(?:[*+?]|\{\d+(?:,\d*)?\})/.exec(reader.source.slice(reader.at, reader.at + 24));
  if (match === null) return atom;
  reader.at += match[0].length;
  const follower = reader.source[reader.at];
  if (follower === '+') {
    reader.at += 1;
    return atomic(reader, `${atom}${match[0]}`);
  }
  const lazy = follower === '?';
  if (lazy) reader.at += 1;
  return `${atom}${match[0]}${lazy !== reader.options.ungreedy ? '?' : ''}`;
}

/** What matched inside is not given back: a lookahead that is then consumed by reference. */
function atomic(reader: Reader, text: string): string {
  reader.extraGroups += 1;
  const mark = String.fromCharCode(markBase - reader.extraGroups);
  return `(?=${openMark}${mark}${text}))${referenceMark}${mark}`;
}

function skipExtended(reader: Reader): void {
  if (!reader.options.extended) return;
  const match = /^(?:[\t\n\v\f\r ]|#[^\n]*(?:\n|$))+/.exec(reader.source.slice(reader.at));
  if (match !== null) reader.at += match[0].length;
}

function readAtom(reader: Reader): string {
  skipExtended(reader);
  const char = reader.source[reader.at];
  if (char === undefined || char === ')' || char === '|') return '';
  reader.at += 1;
  switch (char) {
    case '.':
      return reader.options.dotAll ? '[^]' : '[^\\n]';
    case '^':
      return reader.options.multiLine ? '(?<![^\\n])' : '^';
    case '$':
      return reader.options.multiLine ? '(?![^\\n])' : '$';
    case '(':
      return readGroup(reader);
    case '[':
      return readClass(reader);
    case '\\':
      return readEscape(reader);
    default:
      return literal(char, reader.options.ignoreCase);
  }
}

function readClass(reader: Reader): string {
  const body = classBody(reader.source, reader.at, reader.options.ignoreCase);
  if ('error' in body) return giveUp(reader, body.error);
  reader.at = body.next;
  return body.text;
}

const simpleEscapes: Readonly<Record<string, string>> = {
  A: '^',
  z: '$',
  Z: '(?=\\n?$)',
  a: '\\x07',
  e: '\\x1b',
  s: '[\\t-\\r ]',
  S: '[^\\t-\\r ]',
  h: '[\\t \\xa0]',
  H: '[^\\t \\xa0]',
  v: '[\\n-\\r\\x85]',
  V: '[^\\n-\\r\\x85]',
  R: '(?:\\r\\n|[\\n-\\r\\x85])',
  N: '[^\\n]',
};

function readEscape(reader: Reader): string {
  const rest = reader.source.slice(reader.at);
  const char = rest[0];
  if (char === undefined) return giveUp(reader, 'a backslash at its end');
  if (char === 'Q') return readQuoted(reader);
  if (char === 'E') {
    reader.at += 1;
    return '';
  }
  const reference = /^(?:g\{?(-?\d+)\}?|k[<{']([^>}']+)[>}']|g\{([A-Za-z_]\w*)\}|([1-9]\d*))/.exec(rest);
  const digits = reference?.[4];
  if (digits !== undefined && Number(digits) > 9 && Number(digits) > countGroups(reader.source)) {
    return readOctal(reader);
  }
  if (reference !== null) return readReference(reader, reference);
  const code = octalEscape(rest);
  if (code !== undefined) {
    reader.at += code.length;
    return literal(String.fromCharCode(code.value), reader.options.ignoreCase);
  }
  reader.at += 1;
  const simple = simpleEscapes[char];
  if (simple !== undefined) return simple;
  if (/[dDwWbBtnrf]/.test(char)) return `\\${char}`;
  if (/[A-Za-z]/.test(char)) return giveUp(reader, `"\\${char}"`);
  return literal(char, false);
}

/** How many groups a pattern has. */
function countGroups(source: string): number {
  const plain = source.replace(/\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]])*\]/g, '');
  return plain.match(/\((?!\?)|\(\?(?:P?<(?![=!])|')/g)?.length ?? 0;
}

/** Digits that are no group's number are an octal code. */
function readOctal(reader: Reader): string {
  const digits = /^[0-7]{1,3}/.exec(reader.source.slice(reader.at))?.[0];
  if (digits === undefined) return giveUp(reader, 'a reference to a group that does not exist');
  reader.at += digits.length;
  return literal(String.fromCharCode(Number.parseInt(digits, 8) & 255), reader.options.ignoreCase);
}

function readQuoted(reader: Reader): string {
  const start = reader.at + 1;
  const end = reader.source.indexOf('\\E', start);
  const quoted = reader.source.slice(start, end === -1 ? undefined : end);
  reader.at = end === -1 ? reader.source.length : end + 2;
  return Array.from(quoted, (char) => literal(char, reader.options.ignoreCase)).join('');
}

function readReference(reader: Reader, match: RegExpExecArray, name = match[2] ?? match[3]): string {
  if (reader.options.ignoreCase) return giveUp(reader, 'a reference to a group where case is ignored');
  reader.at += match[0].length;
  let number = name === undefined ? Number(match[1] ?? match[4]) : reader.names.indexOf(name);
  if (number < 0 && name === undefined) number += reader.names.length;
  if (number < 1) return giveUp(reader, 'a reference to a group that does not exist');
  return `${referenceMark}${String.fromCharCode(markBase + number)}`;
}

function readGroup(reader: Reader): string {
  const rest = reader.source.slice(reader.at);
  const back = /^\?P=([A-Za-z_]\w*)\)/.exec(rest);
  if (back !== null) return readReference(reader, back, back[1]);
  const saved = { ...reader.options };
  const text = openGroup(reader, rest);
  if (text === undefined) return '';
  const inner = readAlternatives(reader);
  if (reader.source[reader.at] !== ')') return giveUp(reader, 'an unmatched "("');
  reader.at += 1;
  reader.options = saved;
  return text === atomicOpening ? atomic(reader, inner) : `${text}${inner})`;
}

const atomicOpening = '(?>';

/** The text that opens a group; undefined for what is no group: a comment or options for the rest of this one. */
function openGroup(reader: Reader, rest: string): string | undefined {
  if (!rest.startsWith('?'))
    return rest.startsWith('*') ? unknownGroup(reader, rest) : capture(reader, 0, undefined);
  const comment = /^\?#[^)]*\)/.exec(rest);
  if (comment !== null) {
    reader.at += comment[0].length;
    return undefined;
  }
  const plain = /^\?(?:[:=!>]|<[=!])/.exec(rest);
  if (plain !== null) {
    reader.at += plain[0].length;
    return plain[0] === '?>' ? atomicOpening : `(${plain[0]}`;
  }
  const named = /^\?(?:P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')/.exec(rest);
  if (named !== null) return capture(reader, named[0].length, named[1] ?? named[2]);
  const options = /^\?([imsxUJ]*)(?:-([imsxUJ]*))?([:)])/.exec(rest);
  if (options === null) return unknownGroup(reader, rest);
  reader.at += options[0].length;
  reader.options = switchOptions(reader.options, options[1] ?? '', options[2] ?? '');
  return options[3] === ':' ? '(?:' : undefined;
}

function unknownGroup(reader: Reader, rest: string): '' {
  return giveUp(reader, `"(${rest.slice(0, 4)}"`);
}

function capture(reader: Reader, length: number, name: string | undefined): string {
  reader.at += length;
  reader.names.push(name);
  return `${openMark}${String.fromCharCode(markBase + reader.names.length - 1)}`;
}

function switchOptions(options: Options, on: string, off: string): Options {
  const value = (letter: string, before: boolean): boolean =>
    off.includes(letter) ? false : on.includes(letter) || before;
  return {
    ignoreCase: value('i', options.ignoreCase),
    dotAll: value('s', options.dotAll),
    multiLine: value('m', options.multiLine),
    extended: value('x', options.extended),
    ungreedy: value('U', options.ungreedy),
  };
}
