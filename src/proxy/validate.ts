/**
 * One reading of a request: what its head says, or why it is refused. Everything behind the front relies on this reading and
 * never reads the target, Host or the framing again. RFC 9112 §3 (target forms), §6 (framing); RFC 9110 §7.2 (Host);
 * Apache's `HttpProtocolOptions Strict`, LimitRequestFields and LimitRequestLine.
 */
import type { RequestHeaders } from './headers.ts';

/** How the body is framed. */
export type BodyFraming = 'none' | 'length' | 'chunked';

/** A head that may be served. */
export type RequestHead = {
  readonly kind: 'head';
  /** Origin-form of the target, bytes as they came: what is forwarded. */
  readonly path: string;
  /** The authority of an absolute-form target of our own scheme, else Host; empty only where Apache has an empty one too. */
  readonly host: string;
  /** Of HTTP/1; what calls itself HTTP/2 in a request line is taken for 1.1, as Apache takes it. */
  readonly minorVersion: number;
  readonly body: BodyFraming;
};

/** A head that is refused: the status, and the reason as the metric names it. */
export type RefusedHead = {
  readonly kind: 'refused';
  readonly status: number;
  readonly reason: string;
  readonly message: string;
};

/** `OPTIONS *`: a question to the server itself. */
export type ServerOptions = { readonly kind: 'server-options' };

/** The request line as Node's parser gives it. */
export type RequestLine = {
  readonly method: string;
  readonly target: string;
  readonly majorVersion: number;
  readonly minorVersion: number;
  /** Whether the client spoke TLS: the scheme whose absolute-form targets name the host. */
  readonly tls?: boolean;
};

/** Apache's defaults: LimitRequestFields 100, LimitRequestLine 8190. */
const FIELDS_LIMIT = 100;
const TARGET_LIMIT = 8190;

const HOST = /^(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/;
const ABSOLUTE = /^(https?):(?:\/\/([^/?#]*))?(.*)$/is;
/** An authority may be empty, and so may its port: httpd's `ap_parse_uri()` refuses neither. */
const AUTHORITY = /^(?:[A-Za-z0-9_.-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?$/;

/** Reads a head; the first rule that it breaks is the reason. */
export function readHead(
  line: RequestLine,
  headers: RequestHeaders,
): RequestHead | RefusedHead | ServerOptions {
  return refuseLine(line, headers) ?? refuseFraming(line, headers) ?? readTarget(line, headers);
}

function refuseLine(line: RequestLine, headers: RequestHeaders): RefusedHead | undefined {
  if (line.majorVersion < 1) return refused(400, 'http_version', 'HTTP before 1.0 is not spoken');
  if (line.target.length > TARGET_LIMIT) return refused(414, 'target', 'Request target too long');
  if (headers.fields > FIELDS_LIMIT) return refused(431, 'header_too_big', 'Too many header fields');
  return undefined;
}

function refuseFraming(line: RequestLine, headers: RequestHeaders): RefusedHead | undefined {
  const { coding, lengths, types } = headers;
  if (types > 1) return refused(400, 'repeated_header', 'Content-Type is repeated');
  if (lengths > 1) return refused(400, 'repeated_header', 'Content-Length is repeated');
  if (coding === undefined) return undefined;
  if (lengths > 0) return refused(400, 'te_cl', 'Both Transfer-Encoding and Content-Length');
  if (minorVersionOf(line) === 0) return refused(400, 'te_cl', 'Transfer-Encoding in HTTP/1.0');
  if (coding.toLowerCase() !== 'chunked') return refused(501, 'coding', 'Transfer coding other than chunked');
  return undefined;
}

function readTarget(line: RequestLine, headers: RequestHeaders): RequestHead | RefusedHead | ServerOptions {
  const { target } = line;
  if (headers.hosts > 1) return refused(400, 'dup_host', 'Host is repeated');
  const host = headers.host ?? '';
  const minorVersion = minorVersionOf(line);
  if (host === '' ? minorVersion !== 0 : !HOST.test(host)) {
    return refused(400, 'bad_host', 'Host is missing or malformed');
  }
  const body = headers.coding !== undefined ? 'chunked' : headers.length === undefined ? 'none' : 'length';
  if (target.charCodeAt(0) === 0x2f) return { kind: 'head', path: target, host, minorVersion, body };
  if (target === '*' && line.method === 'OPTIONS') return { kind: 'server-options' };
  const [whole, scheme = '', authority, rest = ''] = ABSOLUTE.exec(target) ?? [];
  if (whole === undefined || !AUTHORITY.test(authority ?? '')) {
    return refused(400, 'target', 'Request target is neither a path nor an http URL');
  }
  const isOurs = authority !== undefined && scheme.toLowerCase() === (line.tls === true ? 'https' : 'http');
  const path = rest.startsWith('/') ? rest : `/${rest}`;
  return { kind: 'head', path, host: isOurs ? hostOfTarget(authority) : host, minorVersion, body };
}

/** httpd `construct_host_header()`: the name as `fix_hostname()` leaves it, the port as written. */
function hostOfTarget(authority: string): string {
  return authority.toLowerCase().replace(/\.(?=:|$)/, '');
}

function minorVersionOf({ majorVersion, minorVersion }: RequestLine): number {
  return majorVersion === 1 ? minorVersion : 1;
}

function refused(status: number, reason: string, message: string): RefusedHead {
  return { kind: 'refused', status, reason, message };
}
