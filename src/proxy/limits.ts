/**
 * What clients may ask for and how long they may take, in numbers (setting `limits`): bytes, and milliseconds that a timer can wait; 0 is no
 * limit unless said.
 */

import type { SpoolLimits } from './spool-room.ts';

/** Limits of one head. */
export type HeadLimits = {
  /** The request line without its end (LimitRequestLine). */
  readonly requestLineBytes: number;
  /** Fields (LimitRequestFields). */
  readonly headers: number;
  /** One field, name, colon, blank and value (LimitRequestFieldSize). */
  readonly headerFieldBytes: number;
};

/** What one client may do. */
export type FrontLimits = {
  readonly head: HeadLimits;
  /** A whole head, its request line included; never 0. */
  readonly headBytes: number;
  /** From the first moment of a connection, or the first byte of a later request, to the end of the head. */
  readonly headTimeoutMs: number;
  /** A body where Apache's configuration has no LimitRequestBody. */
  readonly bodyBytes: number;
  /** How long a client may be silent in the middle of its body. */
  readonly bodyTimeoutMs: number;
  /** Bytes a second that a client's body has to come at, beyond `bodyTimeoutMs`. */
  readonly bodyMinRate: number;
  /** How long a client may take nothing of its answer. */
  readonly sendTimeoutMs: number;
  /** What is kept of answers for clients that lag. */
  readonly spool: SpoolLimits;
  /** How long a connection may wait for its next request. */
  readonly keepAliveTimeoutMs: number;
  /** Requests on one connection of a peer that is not trusted. */
  readonly requestsPerConnection: number;
  /** Connections at once, on all listeners together. */
  readonly connections: number;
  /** Connections at once of one address that is not trusted. */
  readonly connectionsPerAddress: number;
  /** WebSocket connections of one listener at once. */
  readonly webSockets: number;
  /** How long one may pass without a byte in either direction. */
  readonly webSocketTimeoutMs: number;
};

/** What a group says of its own WebSocket connections, on all listeners together. */
export type WebSocketLimits = {
  /** At once; absent: as many as the listener may have. */
  readonly count?: number;
  /** As `webSocketTimeoutMs`; absent: that. */
  readonly timeoutMs?: number;
};

/** The limits that hold where nothing else is said. */
export const FRONT_LIMITS: FrontLimits = {
  head: { requestLineBytes: 8190, headers: 100, headerFieldBytes: 8190 },
  headBytes: 65_536,
  headTimeoutMs: 10_000,
  bodyBytes: 1024 ** 3,
  bodyTimeoutMs: 30_000,
  bodyMinRate: 500,
  sendTimeoutMs: 60_000,
  spool: {
    memoryBytes: 1024 ** 2,
    memoryTotalBytes: 64 * 1024 ** 2,
    fileBytes: 1024 ** 3,
    fileTotalBytes: 4 * 1024 ** 3,
  },
  keepAliveTimeoutMs: 15_000,
  requestsPerConnection: 1000,
  connections: 8192,
  connectionsPerAddress: 2048,
  webSockets: 1000,
  webSocketTimeoutMs: 300_000,
};
