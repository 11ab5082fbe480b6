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
  /** The authority of an absolute-form target, else Host; empty only for HTTP/1.0 without one. */
  readonly host: string;
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
};

/** Apache's defaults: LimitRequestFields 100, LimitRequestLine 8190. */
const FIELDS_LIMIT = 100;
const TARGET_LIMIT = 8190;

const HOST = /^(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/;
const ABSOLUTE = /^https?:\/\/([^/?#]*)(.*)$/is;

/** Reads a head; the first rule that it breaks is the reason. */
export function readHead(
  line: RequestLine,
  headers: RequestHeaders,
): RequestHead | RefusedHead | ServerOptions {
  return refuseLine(line, headers) ?? refuseFraming(line, headers) ?? readTarget(line, headers);
}

function refuseLine(line: RequestLine, headers: RequestHeaders): RefusedHead | undefined {
  if (line.majorVersion !== 1) return refused(505, 'http_version', 'Only HTTP/1.0 and HTTP/1.1 are spoken');
  if (line.target.length > TARGET_LIMIT) return refused(414, 'target', 'Request target too long');
  if (headers.fields > FIELDS_LIMIT) return refused(431, 'header_too_big', 'Too many header fields');
  if (line.method === 'TRACE') return refused(405, 'method', 'TRACE is not answered');
  return undefined;
}

function refuseFraming(line: RequestLine, headers: RequestHeaders): RefusedHead | undefined {
  const { coding, lengths, types } = headers;
  if (types > 1) return refused(400, 'repeated_header', 'Content-Type is repeated');
  if (lengths > 1) return refused(400, 'repeated_header', 'Content-Length is repeated');
  if (coding === undefined) return undefined;
  if (lengths > 0) return refused(400, 'te_cl', 'Both Transfer-Encoding and Content-Length');
  if (line.minorVersion === 0) return refused(400, 'te_cl', 'Transfer-Encoding in HTTP/1.0');
  if (coding.toLowerCase() !== 'chunked') return refused(501, 'coding', 'Transfer coding other than chunked');
  return undefined;
}

function readTarget(line: RequestLine, headers: RequestHeaders): RequestHead | RefusedHead | ServerOptions {
  const { target } = line;
  if (headers.hosts > 1) return refused(400, 'dup_host', 'Host is repeated');
  const host = headers.host ?? '';
  if (host === '' ? line.minorVersion !== 0 : !HOST.test(host)) {
    return refused(400, 'bad_host', 'Host is missing or malformed');
  }
  if (target.charCodeAt(0) === 0x2f) return head(target, host, headers);
  if (target === '*' && line.method === 'OPTIONS') return { kind: 'server-options' };
  const absolute = ABSOLUTE.exec(target);
  const authority = absolute?.[1];
  if (absolute === null || authority === undefined || !HOST.test(authority)) {
    return refused(400, 'target', 'Request target is neither a path nor an http URL');
  }
  const rest = absolute[2] ?? '';
  return head(rest.startsWith('/') ? rest : `/${rest}`, authority, headers);
}

function head(path: string, host: string, headers: RequestHeaders): RequestHead {
  const body = headers.coding !== undefined ? 'chunked' : headers.length === undefined ? 'none' : 'length';
  return { kind: 'head', path, host, body };
}

function refused(status: number, reason: string, message: string): RefusedHead {
  return { kind: 'refused', status, reason, message };
}
