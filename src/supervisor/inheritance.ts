/** What one sidecar leaves to the next, and what the two say to each other over Node's IPC channel while the old serves on. */
import type { GroupIdentity } from '../routing/group-key.ts';
import type { RouteRequest } from '../routing/route.ts';
import type { OpenSocket } from './open-sockets.ts';

/** A group that runs in the old sidecar, to be warm in the new one. */
export type InheritedGroup = {
  readonly id: string;
  readonly identity: GroupIdentity;
  /** Scripts that its processes have imported. */
  readonly imported: readonly string[];
  /** One that led there, where only requests make the group. */
  readonly request?: RouteRequest;
};

/** Everything that is handed on. */
export type Inheritance = {
  /** Their descriptors are those of the successor, which has them from its start. */
  readonly sockets: readonly OpenSocket[];
  readonly groups: readonly InheritedGroup[];
  /** Pids of the sidecars of this line that may still finish what they have, the one that hands over first. */
  readonly predecessors: readonly number[];
};

/** Old to new, once: the first message. */
export type InheritanceMessage = { readonly kind: 'inheritance' } & Inheritance;

/** New to old: it serves, or it cannot. */
export type SuccessorMessage =
  | { readonly kind: 'ready'; readonly version: string }
  | { readonly kind: 'failed'; readonly message: string };

/** Names the pid of the old sidecar in the environment of the new one, which takes it out again. */
export const PREDECESSOR_VARIABLE = 'WSGI_SIDECAR_PREDECESSOR';

/** Descriptors of the sockets in the successor: after stdin, stdout, stderr and the channel. */
export const FIRST_INHERITED_DESCRIPTOR = 4;
