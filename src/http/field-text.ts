/** What names and values of fields are made of (RFC 9110 §5.1, §5.5). Texts are latin-1: one character a byte. */

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const NO_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

/** Whether it may be the name of a field, or a method. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** Whether it may be a value: no line ends, and no other control character but a tab. */
export function isFieldValue(text: string): boolean {
  return !NO_VALUE.test(text);
}

const BLANK = 32;
const TAB = 9;

/** A part of a text without the blanks and tabs around it: they are none of a value (RFC 9110 §5.5). */
export function trimmed(text: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isBlank(text.charCodeAt(from))) from += 1;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === BLANK || code === TAB;
}
