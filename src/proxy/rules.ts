/**
 * The one table of what is refused of a request, so that the sidecar, the front before it and the application behind it cannot read
 * one request in two ways. Grammar comes first (`src/http/`, `REFUSED_BYTES`), then the head as a whole (`REFUSED_HEADS`); what becomes
 * of each of its fields is said in `field-kinds.ts`. What a path may hold (`%2F`, `%5C`, NUL, `..`) depends on the virtual host:
 * `routing/path.ts` says it as Apache does. Sources: RFC 9110, RFC 9112, httpd `HttpProtocolOptions Strict`.
 */
import type { WireFaultCode } from '../http/wire-fault.ts';
import type { RequestHeaders } from './headers.ts';
import type { HeadLimits } from './limits.ts';

/** A refusal: what the client is told, what is counted (`requests_rejected_total`), and what the log says. */
export type RefusalRule = {
  readonly status: number;
  /** As the metric names it. */
  readonly reason: string;
  readonly message: string;
};

/** What a 405 names where nothing is known of the target (RFC 9110 §15.5.6). */
export const ALLOWED_METHODS = 'GET, HEAD, POST, OPTIONS';

/** The request line as it was read. */
export type RequestLine = {
  readonly method: string;
  readonly target: string;
  readonly majorVersion: number;
  readonly minorVersion: number;
  /** Whether the client spoke TLS: the scheme whose absolute-form targets name the host. */
  readonly tls?: boolean;
};

/** What the rules of a head look at. */
export type UnreadHead = {
  readonly line: RequestLine;
  readonly headers: RequestHeaders;
  readonly limits: HeadLimits;
};

type HeadRule = RefusalRule & { isBroken(head: UnreadHead): boolean };

/** A host and a port and nothing else: no user, no path, no blank. `_` is no letter of DNS, but Apache takes it. */
const HOST = /^(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/;
/** What stands around the target in a request line: two blanks and `HTTP/1.1`. */
const LINE_FRAME_BYTES = 10;
/** What stands between the name of a field and its value: a colon and a blank. */
const FIELD_FRAME_BYTES = 2;

const rule = (status: number, reason: string, message: string, isBroken: HeadRule['isBroken']): HeadRule => ({
  status,
  reason,
  message,
  isBroken,
});

/** In this order; the first that is broken is the reason. */
export const REFUSED_HEADS: readonly HeadRule[] = [
  rule(505, 'http_version', 'HTTP version other than those of HTTP/1', ({ line }) => line.majorVersion !== 1),
  rule(414, 'target', 'Request line is longer than "limits.requestLine"', ({ line, limits }) => {
    // Apache takes one byte more than it says.
    return line.method.length + line.target.length + LINE_FRAME_BYTES > limits.requestLineBytes + 1;
  }),
  rule(431, 'header_too_big', 'More header fields than "limits.headers"', ({ headers, limits }) => {
    return limits.headers > 0 && headers.fields > limits.headers;
  }),
  rule(431, 'header_too_big', 'Header field is longer than "limits.headerField"', ({ headers, limits }) => {
    // With ": " between name and value; Apache takes one byte more than it says here too.
    return headers.longest + FIELD_FRAME_BYTES > limits.headerFieldBytes + 1;
  }),
  rule(400, 'repeated_header', 'Content-Type is repeated', ({ headers }) => headers.types > 1),
  rule(400, 'repeated_header', 'Content-Length is repeated', ({ headers }) => headers.lengths > 1),
  rule(400, 'bad_request', 'Content-Length is no number of bytes', ({ headers }) => {
    return headers.length !== undefined && !LENGTH.test(headers.length);
  }),
  rule(400, 'te_cl', 'Both Transfer-Encoding and Content-Length', ({ headers }) => {
    return headers.coding !== undefined && headers.lengths > 0;
  }),
  rule(400, 'te_http10', 'Transfer-Encoding in HTTP/1.0', ({ line, headers }) => {
    return headers.coding !== undefined && line.minorVersion === 0;
  }),
  rule(400, 'te_cl', 'Transfer coding behind chunked, which frames nothing', ({ headers }) => {
    return headers.coding !== undefined && /(?:^|[,\t ])chunked[\t ]*,/i.test(headers.coding);
  }),
  rule(501, 'coding', 'Transfer coding other than chunked', ({ headers }) => {
    return headers.coding !== undefined && headers.coding.toLowerCase() !== 'chunked';
  }),
  rule(400, 'dup_host', 'Host is repeated', ({ headers }) => headers.hosts > 1),
  rule(400, 'bad_host', 'Host is missing, or is more than a host and a port', ({ line, headers }) => {
    const { host = '' } = headers;
    return host === '' ? line.minorVersion !== 0 : !HOST.test(host);
  }),
  rule(405, 'connect', 'CONNECT asks for a tunnel, and this is no proxy for clients', ({ line }) => {
    return line.method === 'CONNECT';
  }),
  // RFC 9110 §10.1.1; HTTP/1.0 has none.
  rule(417, 'expectation', 'Expect asks for something other than 100-continue', ({ line, headers }) => {
    return headers.expect !== undefined && line.minorVersion !== 0 && !isContinue(headers.expect);
  }),
];

/** As many digits as can be counted; whether a mount takes so much is said elsewhere. */
const LENGTH = /^[0-9]{1,15}$/;

/** Whether a client waits for a 100 before it sends its body. */
function isContinue(expectation: string): boolean {
  return expectation.toLowerCase() === '100-continue';
}

/** One more connection than a listener may have. */
export const REFUSED_WEB_SOCKETS: RefusalRule = {
  status: 503,
  reason: 'web_socket_limit',
  message: 'More WebSocket connections than "limits.webSockets"',
};

/** One more connection than a group may have. */
export const REFUSED_GROUP_WEB_SOCKETS: RefusalRule = {
  status: 503,
  reason: 'web_socket_limit',
  message: 'More WebSocket connections of one group than its "webSockets"',
};

/** HEAD or CONNECT but for its case, for a server that may not mind the case. */
export const REFUSED_METHOD: RefusalRule = {
  status: 501,
  reason: 'method',
  message:
    'Method is "HEAD" or "CONNECT" in another case, which a server of "command" or "url" may take for the same',
};

/** `/path`, `http://host/path` and `https://host/path` are served, `*` for OPTIONS alone is answered here. */
export const REFUSED_TARGET: RefusalRule = {
  status: 400,
  reason: 'target',
  message: 'Request target is neither a path nor an http URL',
};

/** More connections than `limits.connections`. */
export const REFUSED_CONNECTION: RefusalRule = {
  status: 503,
  reason: 'max_connections',
  message: 'More connections than "limits.connections"',
};

/** More connections of one address than `limits.connectionsPerAddress`. */
export const REFUSED_ADDRESS: RefusalRule = {
  status: 503,
  reason: 'max_connections_per_address',
  message: 'More connections of one address than "limits.connectionsPerAddress"',
};

/** A body that is longer than its mount takes, as announced or as it comes. */
export const REFUSED_BODY: RefusalRule = {
  status: 413,
  reason: 'body_too_large',
  message: 'Request body is longer than LimitRequestBody, or "limits.body" without it',
};

/** A body whose client has stopped sending. */
export const REFUSED_SILENCE: RefusalRule = {
  status: 408,
  reason: 'body_timeout',
  message: 'Client was silent in the middle of its body for "limits.bodyTimeout"',
};

/** A body whose client sends too little of it at a time. */
export const REFUSED_RATE: RefusalRule = {
  status: 408,
  reason: 'body_rate',
  message: 'Client sent its body more slowly than "limits.bodyMinRate" for longer than "limits.bodyTimeout"',
};

const BAD_REQUEST: RefusalRule = { status: 400, reason: 'bad_request', message: 'Bytes that are no request' };

/** What becomes of bytes of which no request can be made, or no body of one that has begun. */
export const REFUSED_BYTES: Readonly<Record<WireFaultCode, RefusalRule>> = {
  line: BAD_REQUEST,
  'empty-line': BAD_REQUEST,
  blanks: { ...BAD_REQUEST, message: 'More than one space in the request line' },
  protocol: { ...BAD_REQUEST, message: 'Request line of another protocol than HTTP' },
  field: BAD_REQUEST,
  chunk: { ...BAD_REQUEST, message: 'Body whose chunks are none' },
  trailer: { ...BAD_REQUEST, message: 'Body whose chunks are none' },
  version: { status: 400, reason: 'http_version', message: 'HTTP version that does not exist' },
  http2: { status: 400, reason: 'http_version', message: 'HTTP/2, which is not spoken here' },
  target: REFUSED_TARGET,
  'line-too-long': {
    status: 414,
    reason: 'target',
    message: 'Request line is longer than "limits.requestLine" or "limits.head"',
  },
  'head-too-long': { status: 431, reason: 'header_too_big', message: 'Head is longer than "limits.head"' },
  'trailers-too-long': {
    status: 431,
    reason: 'header_too_big',
    message: 'Trailers of a chunked body are too long',
  },
  'extensions-too-long': {
    status: 413,
    reason: 'chunk_extensions',
    message: 'Extensions of chunks are too long',
  },
  late: {
    status: 408,
    reason: 'request_timeout',
    message: 'Head did not come whole within "limits.headTimeout"',
  },
};
