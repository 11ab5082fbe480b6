/**
 * The head of an upstream's answer as it may go to the client: hop-by-hop fields and `x-sidecar-*` end here (RFC 9110 §7.6.1).
 * Pure but for the table of spellings.
 */
import { STATUS_CODES } from 'node:http';
import { isFieldValue } from '../http/field-text.ts';
import { unreadableAnswer } from './unreadable-answer.ts';

/** What the proxy takes from an upstream's head. */
export type ResponseHead = {
  /** Flat list of names, as the application spelt them, and values. */
  readonly headers: string[];
  /** Bytes of the body as announced; -1 when not announced. */
  length: number;
  chunked: boolean;
  /** `x-sidecar-outcome`: the answer is not the application's own. */
  outcome: string | undefined;
  /** Fields that Connection names. */
  connection: string | undefined;
};

type ResponseName = {
  readonly text: string;
  readonly kind: 'pass' | 'drop' | 'length' | 'coding' | 'outcome' | 'connection';
};

const KINDS: ReadonlyMap<string, ResponseName['kind']> = new Map<string, ResponseName['kind']>([
  ['connection', 'connection'],
  ['content-length', 'length'],
  ['transfer-encoding', 'coding'],
  ['x-sidecar-outcome', 'outcome'],
  ['keep-alive', 'drop'],
  ['proxy-authenticate', 'drop'],
  ['proxy-authorization', 'drop'],
  ['proxy-authentication-info', 'drop'],
  ['proxy-connection', 'drop'],
  ['te', 'drop'],
  ['trailer', 'drop'],
  ['upgrade', 'drop'],
]);

/** Spellings kept; an application that makes up names starts the table anew. */
const TABLE_LIMIT = 1024;
/** In characters. V8 hashes strings from 16 KiB on by their length alone: a table of such names is a list. */
const LONGEST_KEPT = 128;
const names = new Map<string, ResponseName>();

function nameOf(text: string): ResponseName {
  const known = names.get(text);
  if (known !== undefined) return known;
  const lower = text.toLowerCase();
  const kind = KINDS.get(lower) ?? (lower.startsWith('x-sidecar-') ? 'drop' : 'pass');
  const name: ResponseName = { text, kind };
  if (text.length > LONGEST_KEPT) return name;
  if (names.size >= TABLE_LIMIT) names.clear();
  names.set(text, name);
  return name;
}

/** A head of which nothing is known yet. */
export function newResponseHead(): ResponseHead {
  return { headers: [], length: -1, chunked: false, outcome: undefined, connection: undefined };
}

/** Takes one field of the upstream's head. Throws ERR_UPSTREAM_INVALID for framing that can be read in two ways (RFC 9112 §6.3). */
export function addResponseField(head: ResponseHead, text: string, value: string): void {
  const name = nameOf(text);
  switch (name.kind) {
    case 'pass':
      head.headers.push(name.text, value);
      break;
    case 'drop':
      break;
    case 'length':
      readLength(head, value);
      head.headers.push(name.text, value);
      break;
    case 'coding':
      if (head.chunked || value.toLowerCase() !== 'chunked') {
        throw unreadableAnswer(`it has Transfer-Encoding "${value}"`);
      }
      head.chunked = true;
      break;
    case 'outcome':
      head.outcome = value;
      break;
    case 'connection':
      head.connection = head.connection === undefined ? value : `${head.connection},${value}`;
      break;
    default:
      name.kind satisfies never;
  }
}

/** A head of the fields of a flat list of names and values, as Node and undici make it; `endResponseHead()` is its caller's. */
export function readResponseFields(list: readonly (string | Buffer)[]): ResponseHead {
  const head = newResponseHead();
  for (let i = 0; i < list.length; i += 2) {
    addResponseField(head, byteString(list[i] ?? ''), byteString(list[i + 1] ?? ''));
  }
  return head;
}

function byteString(text: string | Buffer): string {
  return typeof text === 'string' ? text : text.toString('latin1');
}

/** What can be said when all fields are known. */
export function endResponseHead(head: ResponseHead): void {
  if (head.chunked && head.length >= 0) {
    throw unreadableAnswer('it has a Content-Length beside a Transfer-Encoding');
  }
  if (head.connection !== undefined) dropNominated(head);
}

const LENGTH = /^[0-9]{1,15}$/;

function readLength(head: ResponseHead, value: string): void {
  if (head.length >= 0 || !LENGTH.test(value)) throw unreadableAnswer(`it has Content-Length "${value}"`);
  head.length = Number(value);
}

function dropNominated(head: ResponseHead): void {
  const connection = (head.connection as string).toLowerCase();
  if (connection === 'keep-alive' || connection === 'close') return;
  const tokens = new Set(connection.split(',').map((token) => token.trim()));
  tokens.delete('content-length');
  for (let i = head.headers.length - 2; i >= 0; i -= 2) {
    if (tokens.has((head.headers[i] as string).toLowerCase())) head.headers.splice(i, 2);
  }
}

/** The reason phrase when it is clean (RFC 9112 §4: of the characters of a field's value), else blank. */
export function cleanReason(status: number, text: string): string {
  return text === STATUS_CODES[status] || isFieldValue(text) ? text : '';
}
