/** What is told of an exchange at its end. */
import type { Exchange } from './exchange.ts';
import type { Observation } from './observation.ts';

/** `aborted`: the client left before the answer was whole. */
export function observe(exchange: Exchange, aborted: boolean): Observation {
  const { route, startedAt } = exchange;
  const observation = {
    requestId: exchange.requestId,
    method: exchange.request.method ?? '',
    host: exchange.head?.host ?? '',
    target: exchange.request.url ?? '',
    status: exchange.status === 0 ? 499 : exchange.status,
    arm: exchange.arm,
    durationSeconds: (performance.now() - startedAt) / 1000,
    requestBytes: exchange.requestBytes,
    responseBytes: exchange.responseBytes,
    aborted,
  };
  const parts: Partial<Record<keyof Observation, unknown>> = observation;
  if (route !== undefined) {
    parts.identity = route.identity;
    parts.mount = route.mount.id;
  }
  if (exchange.pid !== undefined) parts.pid = exchange.pid;
  if (exchange.reason !== undefined) parts.reason = exchange.reason;
  else if (aborted) parts.reason = 'client_gone';
  if (exchange.endedBy !== undefined) parts.endedBy = exchange.endedBy;
  if (exchange.attempts > 1) parts.retries = exchange.attempts - 1;
  if (exchange.queuedMs !== undefined) parts.queuedSeconds = exchange.queuedMs / 1000;
  if (exchange.upstreamAt !== 0) parts.upstreamSeconds = (exchange.upstreamAt - startedAt) / 1000;
  return observation;
}
