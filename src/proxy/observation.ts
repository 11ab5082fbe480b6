/** One request as it went, told once at its end by the front. */
import type { GroupIdentity } from '../routing/group-key.ts';

export type Observation = {
  readonly requestId: string;
  readonly method: string;
  readonly host: string;
  readonly target: string;
  readonly status: number;
  /** Who answered: a group process, the legacy upstream, or the sidecar itself. */
  readonly arm: 'sidecar' | 'legacy' | 'own';
  readonly identity?: GroupIdentity | undefined;
  /** The mount's id. */
  readonly mount?: string | undefined;
  /** Pid of the group process that answered. */
  readonly pid?: number | undefined;
  /** Why the answer is not the application's own: an error's `reasonOf(code)` or a `NoRoute`'s reason. */
  readonly reason?: string | undefined;
  readonly durationSeconds: number;
  readonly queuedSeconds?: number | undefined;
  /** To the first byte of the upstream's answer. */
  readonly upstreamSeconds?: number | undefined;
  /** How often it was sent again; absent: never. */
  readonly retries?: number | undefined;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** The client left before the answer was whole. */
  readonly aborted: boolean;
  /** The limit that ended its connection, where one did. */
  readonly endedBy?: 'requests_per_connection' | 'send_timeout' | 'web_socket_timeout' | undefined;
};

/** The limits that end connections of clients which have been served: with a request, or between two. */
export type EndingLimit = NonNullable<Observation['endedBy']> | 'body_rate' | 'keep_alive_timeout';

export type RequestObserver = {
  requestStarted(identity: GroupIdentity): void;
  /** It has become a WebSocket connection; its end is that of the request. Without a group it is the legacy upstream's. */
  webSocketOpened(identity: GroupIdentity | undefined): void;
  requestFinished(observation: Observation): void;
  /** A limit has ended a connection that had no request. */
  connectionEnded(limit: EndingLimit): void;
  /** A fault of the sidecar in the middle of a request, which has been told to the log; never throws. */
  errorUnexpected(): void;
};
