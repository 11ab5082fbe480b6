/** What Node's parser does not tell of a request line. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { REFUSED_BLANKS, REFUSED_PROTOCOL, type RefusalRule } from './rules.ts';

/** What Node's parser tells of itself: the bytes that it is parsing, as long as it tells of anything, and whom it tells. */
type Parser = {
  readonly constructor: { readonly kOnMessageBegin: number; readonly kOnExecute: number };
  readonly incoming?: (IncomingMessage & { readonly upgrade?: boolean }) | null;
  getCurrentBuffer(): Bytes;
  [event: number]: ((bytes: unknown) => unknown) | null;
};

/** What @types/node leaves out. */
type Bytes = Buffer & { latin1Slice(start?: number, end?: number): string };

/** What is known of the head that a connection is reading. */
type Watch = {
  /** The next head begins where a read begins. */
  isFresh: boolean;
  /** The head under way, or the one that has just been read, began so. */
  isAtStart: boolean;
  isUnderWay: boolean;
  /** What came of it in earlier reads, its request line at least. */
  before: string;
  /** What is wrong with a handshake: at that, Node ends its parser before it tells of the request. */
  handshake: RefusalRule | undefined;
};

const watchKey: unique symbol = Symbol('request-line');
type WatchedSocket = Socket & { readonly parser?: Parser | null; [watchKey]?: Watch };

/** What else than HTTP Node's parser takes (`ICE/1.0`, `RTSP/1.0`). */
const OTHER_PROTOCOLS = ['RTSP/', 'ICE/'] as const;

/** Keeps what comes of a head in pieces: when the head is whole, the parser has only the last one. */
export function watchRequestLines(socket: WatchedSocket): void {
  const { parser } = socket;
  if (parser == null) return;
  const { kOnMessageBegin, kOnExecute } = parser.constructor;
  const executed = parser[kOnExecute];
  const watch: Watch = {
    isFresh: true,
    isAtStart: true,
    isUnderWay: false,
    before: '',
    handshake: undefined,
  };
  socket[watchKey] = watch;
  parser[kOnMessageBegin] = () => {
    watch.isUnderWay = true;
    watch.isAtStart = watch.isFresh;
    watch.isFresh = false;
  };
  parser[kOnExecute] = (bytes) => {
    const { incoming } = parser;
    if (!watch.isUnderWay) watch.isFresh = incoming?.complete ?? true;
    else if (incoming?.upgrade === true) watch.handshake = judge(incoming, watch, parser);
    else keep(watch, parser);
    executed?.(bytes);
  };
}

/**
 * Whether the head that a connection's parser has given up on has a request line of more than so many bytes; to be asked once the parser has
 * told of its error. `packet`: what it was reading, for connections that it does not read by itself.
 */
export function isLineLonger(
  { [watchKey]: watch }: WatchedSocket,
  packet: string,
  limitBytes: number,
): boolean {
  const text = watch === undefined || watch.before === '' ? packet : watch.before;
  // Behind other requests of one read, nobody tells where it begins; no field has a blank in its name.
  return text.split('\n').some((line) => line.length > limitBytes && /^[A-Z]+ /.test(line));
}

function keep(watch: Watch, parser: Parser): void {
  if (watch.isAtStart && watch.before.endsWith('\n')) return;
  const piece = watch.before + parser.getCurrentBuffer().latin1Slice();
  watch.before = watch.isAtStart ? firstLine(piece) : piece;
}

/** Empty lines may stand before a request line (RFC 9112 §2.2). */
function firstLine(text: string): string {
  const line = text.replace(/^[\r\n]+/, '');
  return line.slice(0, line.indexOf('\n') + 1 || line.length);
}

/**
 * What Node's parser lets through of a request line and Apache refuses (`HttpProtocolOptions Strict`, RFC 9112 §3): more than one space
 * between its parts, another protocol. To be asked once, while the request is emitted.
 */
export function loosenessOf(request: IncomingMessage): RefusalRule | undefined {
  const { parser, [watchKey]: watch } = request.socket as WatchedSocket;
  if (watch === undefined) return undefined;
  return parser == null ? watch.handshake : judge(request, watch, parser);
}

function judge(
  { method = '', url = '', httpVersionMajor }: IncomingMessage,
  watch: Watch,
  parser: Parser,
): RefusalRule | undefined {
  watch.isUnderWay = false;
  const { before, isAtStart } = watch;
  const bytes = parser.getCurrentBuffer();
  const line = `${method} ${url} HTTP/`;
  if (before === '' && isAtStart && bytes.latin1Slice(0, Math.min(bytes.length, line.length)) === line)
    return undefined;
  watch.before = '';
  const text = before + bytes.latin1Slice();
  // It has waited for somebody to answer it, together with others; or it has no version to look at (HTTP/0.9), which the table refuses.
  if (text === '' || httpVersionMajor === 0) return undefined;
  return isAtStart ? loosenessAtStart(firstLine(text), line) : loosenessWithin(text, line);
}

function loosenessAtStart(text: string, line: string): RefusalRule | undefined {
  if (text.startsWith(line)) return undefined;
  return isOtherProtocol(line, (other) => text.startsWith(other)) ? REFUSED_PROTOCOL : REFUSED_BLANKS;
}

/** Behind other requests of one read, nobody tells where it begins. */
function loosenessWithin(text: string, line: string): RefusalRule | undefined {
  if (text.includes(line)) return undefined;
  return isOtherProtocol(line, (other) => text.includes(other)) ? REFUSED_PROTOCOL : REFUSED_BLANKS;
}

function isOtherProtocol(line: string, has: (other: string) => boolean): boolean {
  const start = line.slice(0, -'HTTP/'.length);
  return OTHER_PROTOCOLS.some((protocol) => has(start + protocol));
}
