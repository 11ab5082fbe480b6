/** What an exchange is made of and from. */
import type { ClientRequest } from '../http/client-request.ts';
import type { ClientResponse } from '../http/client-response.ts';
import type { GroupIdentity } from '../routing/group-key.ts';
import type { BusyPoll } from './busy-poll.ts';
import type { RequestHeaders } from './headers.ts';
import type { HeldUploads } from './held-uploads.ts';
import type { FrontLimits, WebSocketLimits } from './limits.ts';
import type { ProxyLog } from './log.ts';
import type { RequestObserver } from './observation.ts';
import type { Peer } from './peer.ts';
import type { SpoolRoom } from './spool-room.ts';
import type { GroupTunnels, Tunnels } from './tunnels.ts';
import type { UnwantedBodies } from './unwanted-bodies.ts';

/** What an exchange reports to, and what it has in common with the others of its listener. */
export type ExchangeDeps = {
  readonly observer: RequestObserver;
  readonly log: ProxyLog;
  readonly uploads: HeldUploads;
  readonly unwanted: UnwantedBodies;
  readonly poll: BusyPoll;
  /** Absent: clients that lag are waited for. */
  readonly spool: SpoolRoom | undefined;
  readonly groupTunnels: GroupTunnels;
  /** What a group says of its WebSocket connections. */
  webSocketsOf(identity: GroupIdentity): WebSocketLimits;
  /** Whether the listener is ending: then every answer is the last of its connection. */
  readonly listener: { readonly isClosing: boolean; readonly tunnels: Tunnels };
};

/** What is known of a request before its head has been judged. */
export type ExchangeStart = {
  readonly request: ClientRequest;
  readonly response: ClientResponse;
  readonly peer: Peer;
  readonly requestId: string;
  readonly headers: RequestHeaders;
  readonly limits: FrontLimits;
};

/** A refusal or failure to be told to the client. */
export type Refused = {
  readonly status: number;
  readonly reason: string;
  /** Why, for the log; absent where the log has been told. */
  readonly message?: string;
  readonly headers?: readonly string[];
  readonly close?: boolean;
};
