/** The right to send one request to one ready process. `release` is called exactly once, when the answer has ended. */
import type { ErrorCode } from '../errors.ts';

/** Where a server listens, as Node's clients take it. */
export type Place = { readonly socketPath: string } | { readonly host: string; readonly port: number };

/** What the proxy has to know of a process that is not the built-in worker. */
export type ForeignTraits = {
  /** A connection carries one request after another; else each has one of its own. */
  readonly keepsConnections: boolean;
  /** Told who the client is by X-Forwarded-For and -Proto: it does not read the sidecar's own headers. */
  readonly wantsForwarding: boolean;
  /** An answer that only the end of its connection ends counts as whole. */
  readonly trustClose: boolean;
  /** It may take a WebSocket handshake; a WSGI server never can. */
  readonly upgrades: boolean;
};

/** The process behind a lease, as the proxy sees it. One object per OS process, so it can be a key. */
export type Upstream = {
  readonly pid: number;
  readonly socketPath: string;
  /** Requests it may have at once. */
  readonly threads: number;
  /** Aborted when the process has exited or its socket is gone: connections to it are worthless then. */
  readonly closed: AbortSignal;
  /** Aborted when the process gets no further requests and is to end: connections beyond an answer should. Absent where there are none. */
  readonly leaving?: AbortSignal | undefined;
  /** Where it is reached over TCP; undefined where `socketPath` leads to it. */
  readonly tcp?: { readonly host: string; readonly port: number } | undefined;
  /** `socket-timeout`: how long it may be silent while it is its turn to speak; undefined: as the front says. In ms. */
  readonly silentMs?: number | undefined;
  /** `connect-timeout`, where it is reached over TCP; undefined: 15 s. In ms. */
  readonly connectMs?: number | undefined;
  /** `response-socket-timeout`: how long a client may take nothing of an answer; undefined: for ever. In ms. */
  readonly untakenMs?: number | undefined;
  /** Undefined for the built-in worker. */
  readonly foreign?: ForeignTraits | undefined;
};

/** How the request went, seen from the wire; the group draws its conclusions. */
export type LeaseOutcome = 'answered' | 'failed' | 'abandoned';

export type Lease = {
  readonly kind: 'lease';
  readonly upstream: Upstream;
  readonly queuedMs: number;
  /** `isIgnored`: the request does not count as use of the process when that has long had nothing to do. */
  release(outcome: LeaseOutcome, isIgnored?: boolean): void;
  /**
   * Why the group has ended the process under the request, for who finds its answer broken off; undefined when the group has
   * not, or when another process may well answer.
   */
  whyEnded?(): LeaseEnd | undefined;
};

/** A process that was ended on purpose while it had a request. */
export type LeaseEnd = { readonly code: ErrorCode; readonly message: string };

/** No lease: why, and how long a client should wait. */
export type Refusal = {
  readonly kind: 'refusal';
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAfterSeconds?: number;
};
