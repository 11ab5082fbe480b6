/** What a connection of a client belongs to: its limits, and who is told what comes on it. */
import type { ClientConnection } from './client-connection.ts';
import type { ClientRequest } from './client-request.ts';
import type { ClientResponse } from './client-response.ts';
import type { WireFault } from './wire-fault.ts';

/** Lives as long as the server of the connection. */
export type ConnectionHome = {
  readonly limits: ConnectionLimits;
  /** A request has come: `frame` is to be said of it, and one answer given. */
  request(request: ClientRequest, response: ClientResponse): void;
  /** Bytes of which no request can be made; to be refused by `refuse`. */
  refused(connection: ClientConnection, fault: WireFault): void;
  /** The body of a request that is under way is none. */
  brokenBody(request: ClientRequest, fault: WireFault): void;
  /** A fault of ours while its bytes were read; its connection has been ended. */
  failed(error: unknown): void;
  /** It has waited too long for its next request, and has been ended. */
  endedIdle(): void;
  /** Nothing more is read for the present, or it is read on: meanwhile whether the client is still there has to be found out otherwise. */
  held(request: ClientRequest, isHeld: boolean): void;
};

/** In milliseconds and bytes; a time of 0 is no limit. */
export type ConnectionLimits = {
  readonly headBytes: number;
  /** From which on a request line is what makes a head too long. */
  readonly requestLineBytes: number;
  readonly headTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
};
