/** What a connection of a client is at, and how long its client may take in it. */
import type { ConnectionLimits } from './connection-limits.ts';

/**
 * `head`: a first one is waited for, or has begun. `idle`: none has. `request`: one is under way. `dumping`: it has its answer, and its body
 * is still coming. `refused`: no request could be made, and the answer to that is to be written. `lingering`: the last answer has been; what
 * comes is thrown away. `gone`: others have the socket, or nobody.
 */
export type Phase = 'head' | 'idle' | 'request' | 'dumping' | 'refused' | 'lingering' | 'gone';

/** What Apache gives a client that does not end its side (`SECONDS_TO_LINGER` is 30 of them, 2 without a byte). */
const LINGER_MS = 2_000;
/** What a client gets that does not take the last of what was written for it. */
const UNTAKEN_MS = 30_000;

/** How long a client may be waited for, in milliseconds; 0 for without limit, or where it is not the client's turn. `hasLeft`: all that was written. */
export function waitLimitMs(phase: Phase, limits: ConnectionLimits, hasLeft: boolean): number {
  switch (phase) {
    case 'head':
      return limits.headTimeoutMs;
    case 'idle':
    case 'dumping':
      return limits.keepAliveTimeoutMs;
    case 'lingering':
      return hasLeft ? LINGER_MS : UNTAKEN_MS;
    case 'request':
    case 'refused':
    case 'gone':
      return 0;
    default:
      return phase satisfies never;
  }
}
