/**
 * How a failure is told: the one table from code to status and log level, and the page that a client sees. Nobody else writes a
 * status for a failure. Law: the client learns the status and the request id; details stand in the log and on the admin side.
 */
import { STATUS_CODES } from 'node:http';
import type { ErrorCode } from '../errors.ts';

type Level = 'info' | 'warn' | 'error';

/** 499 is nobody's answer: it is what an observation says of a client that left. */
const CODES: Readonly<Record<ErrorCode, readonly [status: number, level: Level]>> = {
  ERR_CONFIG_UNREADABLE: [500, 'error'],
  ERR_CONFIG_SYNTAX: [500, 'error'],
  ERR_SETTINGS_INVALID: [500, 'error'],
  ERR_LISTEN: [500, 'error'],
  ERR_RUNTIME_DIR: [503, 'error'],
  ERR_OUTPUT: [500, 'error'],
  ERR_ADMIN: [500, 'error'],
  ERR_UPGRADE: [500, 'error'],
  ERR_GROUP_START_FAILED: [503, 'error'],
  ERR_GROUP_BACKING_OFF: [503, 'warn'],
  ERR_GROUP_LIMIT: [503, 'warn'],
  ERR_PROCESS_LIMIT: [503, 'warn'],
  ERR_QUEUE_FULL: [503, 'warn'],
  ERR_QUEUE_TIMEOUT: [503, 'warn'],
  ERR_UPSTREAM_CONNECT: [502, 'error'],
  ERR_UPSTREAM_TIMEOUT: [504, 'error'],
  ERR_UPSTREAM_TRUNCATED: [502, 'error'],
  ERR_UPSTREAM_INVALID: [502, 'error'],
  ERR_DRAINING: [503, 'info'],
  ERR_CLIENT_GONE: [499, 'info'],
  ERR_INTERNAL: [500, 'error'],
};

/** Seconds that a client should wait when the group does not say. */
const RETRY_AFTER_SECONDS = 5;

/** What a failure becomes: status, log level and, for a 503, the seconds of Retry-After. */
export function failureOf(
  code: ErrorCode,
  retryAfterSeconds?: number,
): { readonly status: number; readonly level: Level; readonly retryAfterSeconds?: number } {
  const [status, level] = CODES[code];
  if (status !== 503) return { status, level };
  return {
    status,
    level,
    retryAfterSeconds: Math.max(1, Math.ceil(retryAfterSeconds ?? RETRY_AFTER_SECONDS)),
  };
}

/** A page in ASCII that says what the status says and how to find the request in the log. */
export function renderErrorPage(status: number, requestId: string): string {
  const title = `${status} ${STATUS_CODES[status] ?? 'Error'}`;
  return (
    `<!DOCTYPE html>\n<html lang="en"><head><title>${title}</title></head>\n` +
    `<body><h1>${title}</h1>\n<p>Request id: ${requestId}</p></body></html>\n`
  );
}
