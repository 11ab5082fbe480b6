/** What a connection of a client belongs to: its limits, and who is told what comes on it. */
import type { Socket } from 'node:net';
import type { ClientRequest } from './client-request.ts';
import type { ClientResponse } from './client-response.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import type { WireFault } from './wire-fault.ts';

/** A connection on which nothing has come that could be answered otherwise. */
export type RefusableConnection = {
  readonly socket: Socket;
  /** Writes an answer to what was no request and ends the connection; `atOnce`: without waiting for the client's end. */
  refuse(answer: string, atOnce: boolean): void;
};

/** Lives as long as the server of the connection. */
export type ConnectionHome = {
  readonly limits: ConnectionLimits;
  /** A request has come: `frame` is to be said of it, and one answer given. */
  request(request: ClientRequest, response: ClientResponse): void;
  /** Bytes of which no request can be made; to be refused by `refuse`. */
  refused(connection: RefusableConnection, fault: WireFault): void;
  /** The body of a request that is under way is none. */
  brokenBody(request: ClientRequest, fault: WireFault): void;
  /** The client has not taken the whole of its answer at once; all of that has been written. */
  untaken(request: ClientRequest): void;
  /** A fault of ours while its bytes were read; its connection has been ended. */
  failed(error: unknown): void;
  /** It has waited too long for its next request, and has been ended. */
  endedIdle(): void;
  /** Nothing more is read for the present, or it is read on: meanwhile whether the client is still there has to be found out otherwise. */
  held(request: ClientRequest, isHeld: boolean): void;
};
