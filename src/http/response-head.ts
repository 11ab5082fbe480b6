/** The head of an answer to a client: its status line, the fields that it was given, and those that frame it and say what becomes of the connection. */
import { isFieldValue, isToken } from './field-text.ts';
import { httpDate } from './http-date.ts';

/** What is known of an answer when its head is made. */
export type AnswerStart = {
  readonly status: number;
  readonly phrase: string;
  /** Flat list of names and values, without those of the connection. */
  readonly fields: readonly string[];
  readonly method: string;
  /** Of the request. */
  readonly minorVersion: number;
  /** The connection is to end with it. */
  readonly isLast: boolean;
  /** Where no length is told, only the end of the connection ends it. */
  readonly endsByClose: boolean;
  /** What a client is told of the time that it has for its next request. */
  readonly keepAliveMs: number;
};

/** How the body is framed; `none` is no body whatever is told of its length. */
export type AnswerFraming = 'none' | 'length' | 'chunked' | 'close';

export type AnswerHead = { readonly text: string; readonly framing: AnswerFraming; readonly isLast: boolean };

/** A head that HTTP does not allow: somebody else's program made it. */
export class InvalidHead extends Error {}

/** Throws `InvalidHead` for a name or value that is none. */
export function renderHead(start: AnswerStart): AnswerHead {
  const { status, phrase, fields } = start;
  if (!isFieldValue(phrase)) throw new InvalidHead('the reason phrase has a character that none may have');
  let text = `HTTP/1.1 ${status} ${phrase}\r\n`;
  let hasDate = false;
  let hasLength = false;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    const value = fields[i + 1] as string;
    if (!isToken(name)) throw new InvalidHead('the name of a field is none');
    if (!isFieldValue(value)) throw new InvalidHead(`the value of field "${name}" is none`);
    if (name.length === 4) hasDate ||= name.toLowerCase() === 'date';
    else if (name.length === 14) hasLength ||= name.toLowerCase() === 'content-length';
    text += `${name}: ${value}\r\n`;
  }
  if (!hasDate) text += `Date: ${httpDate()}\r\n`;
  const framing = framingOf(start, hasLength);
  const isLast = start.isLast || framing === 'close';
  text += isLast ? 'Connection: close\r\n' : keepAlive(start.keepAliveMs);
  if (framing === 'chunked') text += 'Transfer-Encoding: chunked\r\n';
  return { text: `${text}\r\n`, framing, isLast };
}

function framingOf(start: AnswerStart, hasLength: boolean): AnswerFraming {
  const { status, method, minorVersion, endsByClose } = start;
  if (method === 'HEAD' || status === 204 || status === 304) return 'none';
  if (hasLength) return 'length';
  return endsByClose || minorVersion === 0 ? 'close' : 'chunked';
}

function keepAlive(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return seconds > 0
    ? `Connection: keep-alive\r\nKeep-Alive: timeout=${seconds}\r\n`
    : 'Connection: keep-alive\r\n';
}
