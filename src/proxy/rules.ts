/**
 * The one table of what is refused of a request, so that the sidecar, the front before it and the application behind it cannot read
 * one request in two ways. Node's strict parser comes first (`REFUSED_BYTES`), then the head as a whole (`REFUSED_HEADS`); what becomes
 * of each of its fields is said in `field-kinds.ts`. What a path may hold (`%2F`, `%5C`, NUL, `..`) depends on the virtual host:
 * `routing/path.ts` says it as Apache does. Sources: RFC 9110, RFC 9112, httpd `HttpProtocolOptions Strict`.
 */
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

/** The request line as Node's parser gives it. */
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
  rule(505, 'http_version', 'HTTP version other than 1.0 and 1.1', ({ line }) => !isSpoken(line)),
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
  rule(400, 'te_cl', 'Both Transfer-Encoding and Content-Length', ({ headers }) => {
    return headers.coding !== undefined && headers.lengths > 0;
  }),
  rule(400, 'te_http10', 'Transfer-Encoding in HTTP/1.0', ({ line, headers }) => {
    return headers.coding !== undefined && line.minorVersion === 0;
  }),
  rule(501, 'coding', 'Transfer coding other than chunked', ({ headers }) => {
    return headers.coding !== undefined && headers.coding.toLowerCase() !== 'chunked';
  }),
  rule(400, 'dup_host', 'Host is repeated', ({ headers }) => headers.hosts > 1),
  rule(400, 'bad_host', 'Host is missing, or is more than a host and a port', ({ line, headers }) => {
    const { host = '' } = headers;
    return host === '' ? line.minorVersion !== 0 : !HOST.test(host);
  }),
];

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

/** `/path`, `http://host/path` and `https://host/path` are served, `*` for OPTIONS alone is answered here. */
export const REFUSED_TARGET: RefusalRule = {
  status: 400,
  reason: 'target',
  message: 'Request target is neither a path nor an http URL',
};

/** Node's parser takes any number of blanks between the parts of a request line; Apache and RFC 9112 §3 take one. */
export const REFUSED_BLANKS: RefusalRule = {
  status: 400,
  reason: 'bad_request',
  message: 'More than one space in the request line',
};

/** Node's parser takes Icecast's and RTSP's request lines for HTTP's. */
export const REFUSED_PROTOCOL: RefusalRule = {
  status: 400,
  reason: 'bad_request',
  message: 'Request line of another protocol than HTTP',
};

/** A tunnel. */
export const REFUSED_CONNECT: RefusalRule = {
  status: 405,
  reason: 'connect',
  message: 'CONNECT asks for a tunnel, and this is no proxy for clients',
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

/** An `Expect` other than `100-continue` (RFC 9110 §10.1.1). */
export const REFUSED_EXPECTATION: RefusalRule = {
  status: 417,
  reason: 'expectation',
  message: 'Expect asks for something other than 100-continue',
};

/** Both framings, or a coding that does not end in `chunked` alone: the parser sees them before the table does. */
const REFUSED_FRAMING: RefusalRule = {
  status: 400,
  reason: 'te_cl',
  message: 'Both Transfer-Encoding and Content-Length, or a coding that frames nothing',
};

/** What Node's parser refuses, by its words, where one code stands for several things. */
export const REFUSED_WORDS: Readonly<Record<string, RefusalRule>> = {
  "Content-Length can't be present with Transfer-Encoding": REFUSED_FRAMING,
  'Invalid HTTP version': {
    status: 400,
    reason: 'http_version',
    message: 'HTTP version that does not exist',
  },
};

/**
 * What Node's parser refuses, by its error code. Everything that is not listed is a 400: bare line feeds, folded fields, blanks before a
 * colon, control characters, lengths that are no number, broken chunks, other protocols.
 */
export const REFUSED_BYTES: Readonly<Record<string, RefusalRule>> = {
  HPE_INVALID_TRANSFER_ENCODING: REFUSED_FRAMING,
  HPE_UNEXPECTED_CONTENT_LENGTH: {
    status: 400,
    reason: 'repeated_header',
    message: 'Content-Length is repeated',
  },
  HPE_PAUSED_H2_UPGRADE: {
    status: 400,
    reason: 'http_version',
    message: 'HTTP/2, which is not spoken here',
  },
  HPE_INVALID_URL: {
    status: 400,
    reason: 'target',
    message: 'Request target is neither a path nor an http URL',
  },
  HPE_HEADER_OVERFLOW: {
    status: 431,
    reason: 'header_too_big',
    message: 'Head is longer than "limits.head"',
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: 413,
    reason: 'chunk_extensions',
    message: 'Extensions of chunks are too long',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    reason: 'request_timeout',
    message: 'Head did not come whole within "limits.headTimeout"',
  },
};

function isSpoken({ majorVersion, minorVersion }: RequestLine): boolean {
  return majorVersion === 1 && (minorVersion === 1 || minorVersion === 0);
}
