/** What is told of an exchange at its end. */
import type { Exchange } from './exchange.ts';
import type { Observation } from './observation.ts';

/** `aborted`: the client left before the answer was whole. */
export function observe(exchange: Exchange, aborted: boolean): Observation {
  const { route, startedAt, queuedMs, upstreamAt, attempts } = exchange;
  // All members at once, also those that are not known: an object that grows costs each request as much as its making.
  return {
    requestId: exchange.requestId,
    method: exchange.request.method,
    host: exchange.head?.host ?? '',
    target: exchange.request.target,
    status: exchange.status === 0 ? 499 : exchange.status,
    arm: exchange.arm,
    identity: route?.identity,
    mount: route?.mount.id,
    pid: exchange.pid,
    reason: exchange.reason ?? (aborted ? 'client_gone' : undefined),
    durationSeconds: (performance.now() - startedAt) / 1000,
    queuedSeconds: queuedMs === undefined ? undefined : queuedMs / 1000,
    upstreamSeconds: upstreamAt === 0 ? undefined : (upstreamAt - startedAt) / 1000,
    retries: attempts > 1 ? attempts - 1 : undefined,
    requestBytes: exchange.requestBytes,
    responseBytes: exchange.responseBytes,
    aborted,
    endedBy: exchange.endedBy,
  };
}
