/** Single characters and bracket classes of PCRE patterns in JavaScript's syntax; case is spelled out, ASCII only as in PCRE's C locale. */

/** A character that stands for itself, in both cases where case is ignored. */
export function literal(char: string, ignoreCase: boolean): string {
  if (ignoreCase && /[A-Za-z]/.test(char)) return `[${char.toLowerCase()}${char.toUpperCase()}]`;
  return /[A-Za-z0-9_]/.test(char) ? char : hexEscape(char);
}

function hexEscape(char: string): string {
  return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/** The value of a byte escape after its backslash (`x41`, `x{41}`, `012`, `o{12}`, `cA`) and its length. */
export function octalEscape(rest: string): { readonly value: number; readonly length: number } | undefined {
  const match =
    /^(?:x\{([0-9A-Fa-f]{1,2})\}|x([0-9A-Fa-f]{0,2})|o\{([0-7]{1,3})\}|(0[0-7]{0,2})|c([\x20-\x7e]))/.exec(
      rest,
    );
  if (match === null) return undefined;
  const [whole, braced, hex, octal, zero, control] = match;
  if (control !== undefined) return { value: control.toUpperCase().charCodeAt(0) ^ 64, length: whole.length };
  const digits = octal ?? zero;
  const value =
    digits !== undefined ? Number.parseInt(digits, 8) : Number.parseInt(braced ?? (hex || '0'), 16);
  return { value: value & 255, length: whole.length };
}

const posixClasses: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: 'A-Za-z0-9',
  upper: 'A-Z',
  lower: 'a-z',
  space: '\\t-\\r ',
  blank: '\\t ',
  punct: '!-\\/:-@\\[-`{-~',
  print: ' -~',
  graph: '!-~',
  cntrl: '\\x00-\\x1f\\x7f',
  xdigit: '0-9A-Fa-f',
  word: '\\w',
  ascii: '\\x00-\\x7f',
};

const negatedPosix: Readonly<Record<string, string>> = {
  alpha: '\\x00-@\\[-`{-\\xff',
  digit: '\\D',
  alnum: '\\x00-\\/:-@\\[-`{-\\xff',
  upper: '\\x00-@\\[-\\xff',
  lower: '\\x00-`{-\\xff',
  space: '\\x00-\\x08\\x0e-\\x1f!-\\xff',
  xdigit: '\\x00-\\/:-@G-`g-\\xff',
  word: '\\W',
  ascii: '\\x80-\\xff',
};

const classEscapes: Readonly<Record<string, string>> = {
  s: '\\t-\\r ',
  h: '\\t \\xa0',
  v: '\\n-\\r\\x85',
  S: '\\x00-\\x08\\x0e-\\x1f!-\\xff',
  H: '\\x00-\\x08\\n-\\x1f!-\\x9f\\xa1-\\xff',
  V: '\\x00-\\t\\x0e-\\x84\\x86-\\xff',
  b: '\\x08',
  a: '\\x07',
  e: '\\x1b',
};

/** The class whose `[` stands before `at`, and where the pattern goes on. */
export function classBody(
  source: string,
  at: number,
  ignoreCase: boolean,
): { readonly text: string; readonly next: number } | { readonly error: string } {
  let position = at;
  const negated = source[position] === '^';
  if (negated) position += 1;
  let text = '';
  let first = true;
  while (first || source[position] !== ']') {
    if (position >= source.length) return { error: 'an unmatched "["' };
    const item = readItem(source, position);
    if ('error' in item) return item;
    first = false;
    position = item.next;
    text += ignoreCase ? bothCases(item) : item.text;
  }
  return { text: `[${negated ? '^' : ''}${text}]`, next: position + 1 };
}

/** One member of a class: a set, a character, or a range of characters (code points `from` to `to`). */
type Item = { readonly text: string; readonly next: number; readonly from?: number; readonly to?: number };

function readItem(source: string, at: number): Item | { readonly error: string } {
  const posix = /^\[:(\^?)([a-z]+):\]/.exec(source.slice(at, at + 16));
  if (posix !== null) {
    const set = (posix[1] === '^' ? negatedPosix : posixClasses)[posix[2] as string];
    return set === undefined ? { error: `"${posix[0]}"` } : { text: set, next: at + posix[0].length };
  }
  const start = readMember(source, at);
  if ('error' in start || start.from === undefined) return start;
  if (source[start.next] !== '-' || source[start.next + 1] === ']' || start.next + 1 >= source.length)
    return start;
  const end = readMember(source, start.next + 1);
  if ('error' in end) return end;
  if (end.from === undefined) return start;
  if (end.from < start.from) return { error: 'a range out of order' };
  return { text: `${start.text}-${end.text}`, next: end.next, from: start.from, to: end.from };
}

function readMember(source: string, at: number): Item | { readonly error: string } {
  const char = source[at] as string;
  if (char !== '\\') return { text: hexEscape(char), next: at + 1, from: char.charCodeAt(0) };
  const rest = source.slice(at + 1);
  const escaped = rest[0];
  if (escaped === undefined) return { error: 'a backslash at its end' };
  const code = octalEscape(rest) ?? plainOctal(rest);
  if (code !== undefined) {
    return { text: hexEscape(String.fromCharCode(code.value)), next: at + 1 + code.length, from: code.value };
  }
  const set = classEscapes[escaped];
  if (set !== undefined) return { text: set, next: at + 2 };
  if (/[dDwWtnrf]/.test(escaped)) return { text: `\\${escaped}`, next: at + 2 };
  if (/[A-Za-z]/.test(escaped)) return { error: `"\\${escaped}" in a class` };
  return { text: hexEscape(escaped), next: at + 2, from: escaped.charCodeAt(0) };
}

/** Inside a class a backslash and digits are an octal number, never a reference. */
function plainOctal(rest: string): { readonly value: number; readonly length: number } | undefined {
  const digits = /^[0-7]{1,3}/.exec(rest)?.[0];
  return digits === undefined
    ? undefined
    : { value: Number.parseInt(digits, 8) & 255, length: digits.length };
}

function bothCases(item: Item): string {
  if (item.from === undefined) return /^(?:A-Z|a-z)$/.test(item.text) ? 'A-Za-z' : item.text;
  const to = item.to ?? item.from;
  let text = item.text;
  for (let code = item.from; code <= to; code += 1) {
    const char = String.fromCharCode(code);
    if (/[a-z]/.test(char)) text += char.toUpperCase();
    else if (/[A-Z]/.test(char)) text += char.toLowerCase();
  }
  return text;
}
