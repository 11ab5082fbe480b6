/**
 * Reads the head of a request as httpd does under `HttpProtocolOptions Strict` (its default; `read_request_line()`,
 * `ap_get_mime_headers_core()`, `ap_check_request_header()` of protocol.c) and RFC 9112 §2 to §5: lines end in CR LF, one space stands between the parts of the request line,
 * none before a colon, no line is folded. What the fields mean is not read here.
 */
import { isToken, trimmed } from './field-text.ts';
import { type WireFault, wireFault } from './wire-fault.ts';

/** A head whose grammar is right; texts are latin-1. */
export type RequestHeadText = {
  readonly method: string;
  /** The request target, as it came. */
  readonly target: string;
  /** 1, or what else is a version of HTTP: 0.9 has no version in its line. */
  readonly majorVersion: number;
  readonly minorVersion: number;
  /** Flat list of names, as they came, and values. */
  readonly rawHeaders: readonly string[];
};

/** Whether it is a head or a fault. */
export function isFault(read: object): read is WireFault {
  return 'code' in read;
}

/** No line has them within: control characters, a CR without an LF, an LF without a CR. */
const BROKEN = /[^\t\n\r\x20-\x7e\x80-\xff]|\r(?!\n)|(?:^|[^\r])\n/;

/** Reads a head; the text ends with its last line, without the CR LF behind it. */
export function readRequestHead(text: string): RequestHeadText | WireFault {
  const lineEnd = text.indexOf('\r\n');
  const line = lineEnd < 0 ? text : text.slice(0, lineEnd);
  const start = readRequestLine(line);
  if (isFault(start)) return start;
  if (BROKEN.test(text)) return BROKEN_LINES;
  const rawHeaders: string[] = [];
  let at = line.length + 2;
  while (at < text.length) {
    const colon = text.indexOf(':', at);
    const next = text.indexOf('\r\n', at);
    const end = next < 0 ? text.length : next;
    if (colon < 0 || colon > end) return wireFault('field', 'a line without a colon');
    const name = text.slice(at, colon);
    if (!isToken(name)) return wireFault('field', 'a name that is none, or a folded line');
    rawHeaders.push(name, trimmed(text, colon + 1, end));
    at = end + 2;
  }
  const { method, target, majorVersion, minorVersion } = start;
  return { method, target, majorVersion, minorVersion, rawHeaders };
}

type RequestLineText = Omit<RequestHeadText, 'rawHeaders'>;

/** Whether what has come of a head may be the beginning of one, as far as that can be told before its end. */
export function faultOfBeginning(text: string): WireFault | undefined {
  const blank = text.indexOf(' ');
  return isToken(blank < 0 ? text : text.slice(0, blank)) ? undefined : NO_METHOD;
}

/** What stands between two bytes that came may be a line's end, of which the last byte is the first half. */
export function faultOfPart(text: string): WireFault | undefined {
  return BROKEN_PART.test(text) ? BROKEN_LINES : undefined;
}

const BROKEN_PART = /[^\t\n\r\x20-\x7e\x80-\xff]|\r[^\n]|[^\r]\n/;
const BROKEN_LINES = wireFault('field', 'a control character or half a line end');

/** Methods that nobody needs to read letter by letter. */
const USUAL_METHODS: ReadonlySet<string> = new Set([
  'GET',
  'POST',
  'HEAD',
  'PUT',
  'DELETE',
  'OPTIONS',
  'PATCH',
]);

/** `%x21-7E`, and bytes beyond ASCII: clients write them in percents or as they are, and Apache takes both. */
const NO_TARGET = /[^\x21-\x7e\x80-\xff]/;

/** Reads a request line, without its end. */
export function readRequestLine(line: string): RequestLineText | WireFault {
  const first = line.indexOf(' ');
  const second = line.indexOf(' ', first + 1);
  const method = line.slice(0, Math.max(first, 0));
  if (!USUAL_METHODS.has(method) && !isToken(method)) return NO_METHOD;
  const target = second < 0 ? line.slice(first + 1) : line.slice(first + 1, second);
  if (target === '') return wireFault('blanks', 'two spaces, or no target');
  if (NO_TARGET.test(target)) return wireFault('target', 'a character that no target has');
  if (second < 0) return withoutVersion(method, target);
  return line.length === second + 9 && line.endsWith('HTTP/1.1')
    ? { method, target, majorVersion: 1, minorVersion: 1 }
    : withVersion(method, target, line.slice(second + 1));
}

/** The line of HTTP/0.9, which has no other method; of another one, a part is missing. */
function withoutVersion(method: string, target: string): RequestLineText | WireFault {
  if (method !== 'GET' || !target.startsWith('/')) return wireFault('line', 'a part of it is missing');
  return { method, target, majorVersion: 0, minorVersion: 9 };
}

function withVersion(method: string, target: string, text: string): RequestLineText | WireFault {
  const [version, major, minor] = VERSION.exec(text) ?? [];
  if (method === 'PRI' && target === '*' && version === 'HTTP/2.0') return wireFault('http2', 'its preface');
  if (version !== undefined)
    return { method, target, majorVersion: Number(major), minorVersion: Number(minor) };
  if (text.startsWith(' ') || text.startsWith('\t')) return wireFault('blanks', 'more than one space');
  return /^HTTP\//.test(text)
    ? wireFault('version', 'a version that does not exist')
    : wireFault('protocol', 'another protocol');
}

/** Those that there are, though not all are spoken, and those of HTTP/1 that there may be one day (RFC 9110 §2.5). */
const VERSION = /^HTTP\/(?=0\.9|1\.|2\.0)([0-9])\.([0-9])$/;

const NO_METHOD = wireFault('line', 'it begins with no method');
