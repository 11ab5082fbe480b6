/**
 * The head of an upstream's answer as it may go to the client: hop-by-hop fields and `x-sidecar-*` end here (RFC 9110 §7.6.1).
 * Pure; works on the raw byte lists of the transport.
 */
import { STATUS_CODES } from 'node:http';

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

/** What @types/node leaves out: `toString('latin1')` without its choice of encodings. */
type Bytes = Buffer & { latin1Slice(): string };

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
  ['proxy-connection', 'drop'],
  ['te', 'drop'],
  ['trailer', 'drop'],
  ['upgrade', 'drop'],
]);

/** Spellings kept; an application that makes up names starts the table anew. */
const TABLE_LIMIT = 1024;
const names = new Map<string, ResponseName>();

function nameOf(text: string): ResponseName {
  const known = names.get(text);
  if (known !== undefined) return known;
  const lower = text.toLowerCase();
  const kind = KINDS.get(lower) ?? (lower.startsWith('x-sidecar-') ? 'drop' : 'pass');
  if (names.size >= TABLE_LIMIT) names.clear();
  const name: ResponseName = { text, kind };
  names.set(text, name);
  return name;
}

/** Reads a raw header list of the transport. */
export function readResponseHead(raw: readonly Buffer[]): ResponseHead {
  const head: ResponseHead = {
    headers: [],
    length: -1,
    chunked: false,
    outcome: undefined,
    connection: undefined,
  };
  for (let i = 0; i < raw.length; i += 2) {
    const name = nameOf((raw[i] as Bytes).latin1Slice());
    if (name.kind === 'drop') continue;
    const value = (raw[i + 1] as Bytes).latin1Slice();
    if (name.kind === 'pass') head.headers.push(name.text, value);
    else readField(head, name, value);
  }
  if (head.connection !== undefined) dropNominated(head);
  return head;
}

function readField(head: ResponseHead, name: ResponseName, value: string): void {
  switch (name.kind) {
    case 'length':
      head.length = Number(value);
      head.headers.push(name.text, value);
      break;
    case 'coding':
      head.chunked = true;
      break;
    case 'outcome':
      head.outcome = value;
      break;
    default:
      head.connection = value;
  }
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

const CLEAN_REASON = /^[\t\x20-\x7e\x80-\xff]*$/;

/** The reason phrase when it is clean (RFC 9112 §4: HTAB, space to ~, bytes from 0x80), else blank; Node would throw for others. */
export function cleanReason(status: number, text: string): string {
  if (text === STATUS_CODES[status]) return text;
  // The transport has decoded the phrase as UTF-8; on the wire it is bytes.
  const bytes = Buffer.from(text, 'utf8').toString('latin1');
  return CLEAN_REASON.test(bytes) && !text.includes('\ufffd') ? bytes : '';
}
