/**
 * A second reading of a client's bytes, written from RFC 9112 alone and as strictly as it can be read: which requests they frame, and
 * where they stop to be requests. Slow and plain on purpose: it is what the sidecar's own reading is held against.
 */

/** One request that the bytes frame. */
export type Framed = { readonly method: string; readonly target: string; readonly body: string };

/** All that the bytes frame before they end or break off. */
export type Reading = {
  readonly requests: readonly Framed[];
  /** Why nothing is framed from there on: undefined when the bytes end between two requests. */
  readonly brokenBy: 'incomplete' | 'invalid' | undefined;
};

type Part<T> = { readonly value: T; readonly next: number };
type Broken = 'incomplete' | 'invalid';

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Targets may have bytes beyond ASCII, which RFC 3986 has not and Apache takes; a later minor version is the last that there is (RFC 9110 §2.5). */
const LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e\x80-\xff]+) HTTP\/1\.([0-9])$/;
const FIELD = /^([^:]*):[ \t]*(.*?)[ \t]*$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Reads a connection from its first byte to its end; bytes are latin-1 characters. */
export function readConnection(bytes: string): Reading {
  const requests: Framed[] = [];
  let at = 0;
  for (;;) {
    at = skipEmptyLine(bytes, at);
    if (at >= bytes.length) return { requests, brokenBy: undefined };
    const read = readRequest(bytes, at);
    if (typeof read === 'string') return { requests, brokenBy: read };
    requests.push(read.value.request);
    at = read.next;
    // Behind the last request of a connection nothing is one (RFC 9112 §9.6).
    if (read.value.isLast) return { requests, brokenBy: at < bytes.length ? 'invalid' : undefined };
  }
}

/** RFC 9112 §2.2: an empty line before a request line is not looked at. */
function skipEmptyLine(bytes: string, at: number): number {
  return bytes.startsWith('\r\n', at) ? at + 2 : at;
}

type Head = {
  readonly method: string;
  readonly target: string;
  readonly minor: number;
  readonly fields: readonly Field[];
};
type Field = { readonly name: string; readonly value: string };

function readRequest(
  bytes: string,
  start: number,
): Part<{ readonly request: Framed; readonly isLast: boolean }> | Broken {
  const head = readHead(bytes, start);
  if (typeof head === 'string') return head;
  const { method, target, minor, fields } = head.value;
  const body = readBody(bytes, head.next, head.value);
  if (typeof body === 'string') return body;
  const connection = valuesOf(fields, 'connection').join(',').toLowerCase();
  const closes = /(?:^|,)\s*close\s*(?:,|$)/.test(connection);
  const keeps = /(?:^|,)\s*keep-alive\s*(?:,|$)/.test(connection);
  return {
    value: { request: { method, target, body: body.value }, isLast: closes || (minor === 0 && !keeps) },
    next: body.next,
  };
}

function readHead(bytes: string, start: number): Part<Head> | Broken {
  const end = bytes.indexOf('\r\n\r\n', start);
  if (end < 0) return 'incomplete';
  const [line = '', ...rest] = bytes.slice(start, end).split('\r\n');
  const [whole, method = '', target = '', minor = ''] = LINE.exec(line) ?? [];
  if (whole === undefined) return 'invalid';
  const fields: Field[] = [];
  for (const text of rest) {
    const [found, name = '', value = ''] = FIELD.exec(text) ?? [];
    if (found === undefined || !TOKEN.test(name) || !VALUE.test(value)) return 'invalid';
    fields.push({ name: name.toLowerCase(), value });
  }
  return { value: { method, target, minor: Number(minor), fields }, next: end + 4 };
}

function readBody(bytes: string, start: number, { minor, fields }: Head): Part<string> | Broken {
  const codings = valuesOf(fields, 'transfer-encoding');
  const lengths = valuesOf(fields, 'content-length');
  if (codings.length === 0 && lengths.length === 0) return { value: '', next: start };
  if (codings.length > 0) {
    const isPlain = codings.length === 1 && codings[0]?.toLowerCase() === 'chunked';
    return !isPlain || lengths.length > 0 || minor === 0 ? 'invalid' : readChunks(bytes, start);
  }
  const [length = ''] = lengths;
  if (lengths.length > 1 || !/^[0-9]+$/.test(length)) return 'invalid';
  const end = start + Number(length);
  return end > bytes.length ? 'incomplete' : { value: bytes.slice(start, end), next: end };
}

const SIZE = /^([0-9A-Fa-f]{1,8})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?$/;

function readChunks(bytes: string, start: number): Part<string> | Broken {
  let body = '';
  let at = start;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return 'incomplete';
    const [found, digits = ''] = SIZE.exec(bytes.slice(at, lineEnd)) ?? [];
    if (found === undefined) return 'invalid';
    const size = Number.parseInt(digits, 16);
    at = lineEnd + 2;
    if (size === 0) return readTrailers(bytes, at, body);
    if (at + size + 2 > bytes.length) return 'incomplete';
    if (!bytes.startsWith('\r\n', at + size)) return 'invalid';
    body += bytes.slice(at, at + size);
    at += size + 2;
  }
}

function readTrailers(bytes: string, start: number, body: string): Part<string> | Broken {
  let at = start;
  for (;;) {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return 'incomplete';
    if (end === at) return { value: body, next: end + 2 };
    const [found, name = '', value = ''] = FIELD.exec(bytes.slice(at, end)) ?? [];
    if (found === undefined || !TOKEN.test(name) || !VALUE.test(value)) return 'invalid';
    at = end + 2;
  }
}

function valuesOf(fields: readonly Field[], name: string): readonly string[] {
  return fields.filter((field) => field.name === name).map(({ value }) => value);
}
