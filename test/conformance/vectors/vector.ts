/** What a client sends and what has to come of it: the form of the tables in this folder. */

/** A request as the application sees it. */
export type Seen = {
  readonly method: string;
  /** REQUEST_URI: the target, byte for byte. */
  readonly target: string;
  readonly body: string;
  /** Environ entries of the client's fields; undefined for one that must not be there. */
  readonly fields?: Readonly<Record<string, string | undefined>>;
};

/** What has to come of a connection's bytes. */
export type Outcome = {
  /** What reaches the application, in order, and nothing else. */
  readonly seen: readonly Seen[];
  /** Final answers, in order. */
  readonly answers: readonly number[];
  /**
   * `open`: the next request of the connection is served. `closed`: the sidecar ends it by itself. `unfinished`: the bytes are no whole
   * request, nothing is answered before the client ends the connection, and whatever is answered then is an error.
   */
  readonly ends: 'open' | 'closed' | 'unfinished';
};

/** One case. */
export type Vector = {
  readonly name: string;
  /** Latin-1; each piece leaves by itself. */
  readonly pieces: readonly string[];
  readonly outcome: Outcome;
  /** Where the source asks for something else: why (a row of the manual's table holds it). */
  readonly differs?: Difference;
};

/** The cases that restate one source. */
export type Table = {
  /** Whose requests these are, restated. */
  readonly source: string;
  readonly vectors: readonly Vector[];
};

/** Why the sidecar does otherwise than a source asks, as the manual says it. */
export const DIFFERENCES = {
  codings: 'Transfer codings other than `chunked` alone',
  methods: 'Methods of any name',
  bytes: 'Bytes beyond ASCII in a target',
  fragment: 'A fragment in a target',
  user: 'A user in a target',
  host: 'A Host that is more than a host and a port',
  asterisk: '`OPTIONS *`',
  tunnels: '`CONNECT`',
  trace: '`TRACE`',
  folding: 'Folded fields',
  extensions: 'Blanks in chunk extensions',
  trailers: 'Trailer fields that no request may have',
} as const;

/** A key of the manual's table. */
export type Difference = keyof typeof DIFFERENCES;

const HOST = 'Host: wire.test';

export function vector(
  name: string,
  bytes: string | readonly string[],
  outcome: Outcome,
  differs?: Difference,
): Vector {
  const pieces = typeof bytes === 'string' ? [bytes] : bytes;
  return differs === undefined ? { name, pieces, outcome } : { name, pieces, outcome, differs };
}

/** A head of these lines, its end included. */
export function head(...lines: readonly string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** A head with the Host that the application is served under. */
export function request(line: string, ...fields: readonly string[]): string {
  return head(`${line} HTTP/1.1`, HOST, ...fields);
}

export function get(...fields: readonly string[]): string {
  return request('GET /x', ...fields);
}

export function post(fields: readonly string[], body: string): string {
  return request('POST /x', ...fields) + body;
}

/** A request whose body comes in chunks as they are given. */
export function chunked(chunks: string, ...fields: readonly string[]): string {
  return post(['Transfer-Encoding: chunked', ...fields], chunks);
}

/** The application sees `METHOD TARGET` and the body, and the connection goes on. */
export function served(line: string, body = '', fields?: Seen['fields']): Outcome {
  const at = line.indexOf(' ');
  const seen = { method: line.slice(0, at), target: line.slice(at + 1), body };
  return { seen: [fields === undefined ? seen : { ...seen, fields }], answers: [200], ends: 'open' };
}

/** Answered without the application, and the connection ends. */
export function refused(status: number): Outcome {
  return { seen: [], answers: [status], ends: 'closed' };
}

/** Answered without the application; the connection goes on. */
export function answered(status: number): Outcome {
  return { seen: [], answers: [status], ends: 'open' };
}

/** The same, and the connection ends. */
export function closing(outcome: Outcome): Outcome {
  return { ...outcome, ends: 'closed' };
}

/** One after the other on one connection. */
export function inTurn(...outcomes: readonly Outcome[]): Outcome {
  return {
    seen: outcomes.flatMap(({ seen }) => seen),
    answers: outcomes.flatMap(({ answers }) => answers),
    ends: outcomes.at(-1)?.ends ?? 'open',
  };
}

/** No whole request. */
export const unfinished: Outcome = { seen: [], answers: [], ends: 'unfinished' };
