/** What is answered when no request could be made of a client's bytes: half a head, or a broken one; and to a connection that is one too many. */
import { STATUS_CODES } from 'node:http';
import type { RefusableConnection } from '../http/connection-home.ts';
import { renderHead } from '../http/response-head.ts';
import type { WireFault } from '../http/wire-fault.ts';
import { renderErrorPage } from './failure.ts';
import type { ProxyLog } from './log.ts';
import type { RequestObserver } from './observation.ts';
import { REFUSED_BYTES, type RefusalRule } from './rules.ts';

/** The rule that a client's bytes break. */
export function ruleOf({ code }: WireFault): RefusalRule {
  return REFUSED_BYTES[code];
}

/** Why a connection is refused. */
export type ConnectionRule = RefusalRule & {
  /** The log knows already. */
  readonly isTold?: boolean;
};

type ConnectionRefusal = ConnectionRule & { readonly requestId: string };

/** Answers on the bare connection, ends it, and tells of it. */
export function refuseConnection(
  connection: RefusableConnection,
  refusal: ConnectionRefusal,
  { log, observer }: { readonly log: ProxyLog; readonly observer: RequestObserver },
): void {
  const { status, reason, message, requestId } = refusal;
  // Nobody has read what a client beyond the limit has sent; waiting for it would be one more connection.
  connection.refuse(renderRefusal(status, requestId), status === 503);
  if (refusal.isTold !== true) {
    const remote = connection.socket.remoteAddress;
    log.info({ request_id: requestId, status, reason, remote }, message);
  }
  observer.requestFinished({
    requestId,
    method: '',
    host: '',
    target: '',
    status,
    arm: 'own',
    reason,
    durationSeconds: 0,
    requestBytes: 0,
    responseBytes: 0,
    aborted: false,
  });
}

function renderRefusal(status: number, requestId: string): string {
  const page = renderErrorPage(status, requestId);
  const fields = ['Content-Type', 'text/html; charset=utf-8', 'Content-Length', String(page.length)];
  fields.push('X-Request-Id', requestId);
  const phrase = STATUS_CODES[status] ?? 'Error';
  // Nothing is known of a request; the connection ends whatever it was.
  const start = { method: '', minorVersion: 1, isLast: true, endsByClose: false, keepAliveMs: 0 };
  return renderHead({ ...start, status, phrase, fields }).text + page;
}
