/**
 * Apache's lexical rules: the bytes of a file → logical lines → words. The first step of reading; knows no directive.
 * The rules are those of `ap_cfg_getline` and `ap_getword_conf` (httpd server/util.c), oddities included,
 * because a word cut otherwise is another path or another host name.
 */

/** A place in a text that is being read; `nextLine` moves it. */
export type LineReader = {
  readonly text: string;
  offset: number;
  /** Physical lines taken so far. */
  taken: number;
};

/** A line after continuation, without the white space around it. */
export type LogicalLine = {
  readonly text: string;
  /** The first physical line, counted from 1. */
  readonly first: number;
  /** The last physical line, which is the number that Apache itself reports. */
  readonly last: number;
  /** Whether the text ended where the line asks for another one; such a line is not trimmed yet. */
  readonly isOpen: boolean;
};

/** A reader at the beginning of a text. */
export function readerOf(text: string): LineReader {
  return { text, offset: 0, taken: 0 };
}

/**
 * The next logical line, or undefined at the end. A backslash right before the line's end joins the next line, in
 * comments too, and a backslash before that backslash does not help (`ap_cfg_getline_core`). `before` is an open line
 * that this one goes on with.
 */
export function nextLine(reader: LineReader, before = ''): LogicalLine | undefined {
  const { text } = reader;
  const first = reader.taken + 1;
  let joined = before;
  while (reader.offset < text.length) {
    reader.taken += 1;
    const physical = takePhysicalLine(reader);
    const continued = withoutContinuation(joined, physical);
    if (continued === undefined) {
      return { text: trimSpace(joined + physical.text), first, last: reader.taken, isOpen: false };
    }
    joined = continued;
  }
  if (joined === '') return undefined;
  // Apache counts the read that met the end of the file.
  reader.taken += 1;
  return { text: joined, first, last: reader.taken, isOpen: true };
}

type PhysicalLine = { readonly text: string; readonly ended: boolean };

/** A NUL byte ends the line for Apache (C strings), and hides its line feed: such a line is never continued. */
function takePhysicalLine(reader: LineReader): PhysicalLine {
  const { text, offset } = reader;
  const end = text.indexOf('\n', offset);
  reader.offset = end < 0 ? text.length : end + 1;
  const line = text.slice(offset, end < 0 ? text.length : end);
  const nul = line.indexOf('\0');
  return nul < 0 ? { text: line, ended: end >= 0 } : { text: line.slice(0, nul), ended: false };
}

/** What is joined so far when the line asks for the next one, else undefined. The backslash may be of the line before. */
function withoutContinuation(joined: string, line: PhysicalLine): string | undefined {
  if (!line.ended) return undefined;
  if (line.text.length < 2) return withoutBackslash(joined + line.text);
  const rest = withoutBackslash(line.text);
  return rest === undefined ? undefined : joined + rest;
}

function withoutBackslash(text: string): string | undefined {
  const end = text.endsWith('\r') ? text.length - 1 : text.length;
  return text.charAt(end - 1) === '\\' ? text.slice(0, end - 1) : undefined;
}

/** Whether a character is white space to Apache (C's `isspace`): a no-break space is not. */
function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

/** A text without the white space around it. */
export function trimSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start += 1;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end -= 1;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

/** A word and where the next one begins. */
export type Word = { readonly word: string; readonly next: number };

/**
 * The word at an offset (`ap_getword_conf`). A word that begins with `"` or `'` ends at the next such quote that no
 * backslash escapes, or at the line's end; what follows the quote directly is a word of its own. Elsewhere quotes are ordinary.
 */
export function readWord(text: string, offset = 0): Word {
  const start = skipSpace(text, offset);
  if (start >= text.length) return { word: '', next: start };
  const quote = text.charAt(start);
  if (quote === '"' || quote === "'") return readQuoted(text, start, quote);
  let end = start;
  while (end < text.length && !isSpace(text.charCodeAt(end))) end += 1;
  return { word: withoutEscapes(text.slice(start, end), ''), next: skipSpace(text, end) };
}

function readQuoted(text: string, start: number, quote: string): Word {
  let end = start + 1;
  while (end < text.length && text.charAt(end) !== quote) {
    const following = text.charAt(end + 1);
    const escaped = text.charAt(end) === '\\' && (following === quote || following === '\\');
    end += escaped ? 2 : 1;
  }
  const word = withoutEscapes(text.slice(start + 1, end), quote);
  return { word, next: skipSpace(text, end < text.length ? end + 1 : end) };
}

/** Two backslashes are one; within quotes a backslash also gives the quote. Any other backslash stays. */
function withoutEscapes(text: string, quote: string): string {
  if (!text.includes('\\')) return text;
  let word = '';
  for (let i = 0; i < text.length; i += 1) {
    const following = text.charAt(i + 1);
    if (text.charAt(i) === '\\' && following !== '' && (following === '\\' || following === quote)) i += 1;
    word += text.charAt(i);
  }
  return word;
}

function skipSpace(text: string, offset: number): number {
  let at = offset;
  while (at < text.length && isSpace(text.charCodeAt(at))) at += 1;
  return at;
}

/** All words of an argument text. Empty quotes are an empty word. */
export function splitWords(text: string): readonly string[] {
  const words: string[] = [];
  let at = skipSpace(text, 0);
  while (at < text.length) {
    const { word, next } = readWord(text, at);
    words.push(word);
    at = next;
  }
  return words;
}

/** A name in lower case as Apache compares names: ASCII letters only. */
export function lowerAscii(name: string): string {
  return /[A-Z]/.test(name) ? name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : name;
}
