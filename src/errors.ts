/**
 * The errors that are not part of the plan. Expected outcomes are results (`NoRoute`, `Refusal`),
 * findings in a configuration are diagnostics; only what is left becomes a `SidecarError`.
 */
import { getSystemErrorMap } from 'node:util';

/** A code is API: it stands in the log, in problem+json and, without `ERR_` and in lower case, in a metric's `reason`. */
export type ErrorCode =
  | 'ERR_CONFIG_UNREADABLE'
  | 'ERR_CONFIG_SYNTAX'
  | 'ERR_SETTINGS_INVALID'
  | 'ERR_LISTEN'
  | 'ERR_RUNTIME_DIR'
  | 'ERR_OUTPUT'
  | 'ERR_ADMIN'
  | 'ERR_UPGRADE'
  | 'ERR_GROUP_START_FAILED'
  | 'ERR_GROUP_BACKING_OFF'
  | 'ERR_GROUP_LIMIT'
  | 'ERR_PROCESS_LIMIT'
  | 'ERR_QUEUE_FULL'
  | 'ERR_QUEUE_TIMEOUT'
  | 'ERR_UPSTREAM_CONNECT'
  | 'ERR_UPSTREAM_TIMEOUT'
  | 'ERR_UPSTREAM_TRUNCATED'
  | 'ERR_UPSTREAM_INVALID'
  | 'ERR_DRAINING'
  | 'ERR_CLIENT_GONE'
  | 'ERR_INTERNAL';

/** An error with a stable code. `message` names what happened and what to do next; `cause` is the foreign error. */
export class SidecarError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SidecarError';
    this.code = code;
  }
}

/** The `reason` label and log field of a code: `ERR_QUEUE_FULL` → `queue_full`. */
export function reasonOf(code: ErrorCode): string {
  return code.slice('ERR_'.length).toLowerCase();
}

/** What went wrong in the words of the system, `permission denied`, where it was the system; else those of the error. */
export function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { errno } = error as NodeJS.ErrnoException;
  return (errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1]) ?? error.message;
}
