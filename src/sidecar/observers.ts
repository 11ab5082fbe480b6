/** What is told to the log: the life of groups, and requests where an access log is wanted. */
import type { GroupObserver } from '../groups/observer.ts';
import { groupFields, type Log } from '../log.ts';
import type { Observation, RequestObserver } from '../proxy/observation.ts';

/** Tells both, in order. */
export function joinObservers(
  first: RequestObserver & GroupObserver,
  second: RequestObserver & GroupObserver,
): RequestObserver & GroupObserver {
  return {
    requestStarted(identity) {
      first.requestStarted(identity);
      second.requestStarted(identity);
    },
    webSocketOpened(identity) {
      first.webSocketOpened(identity);
      second.webSocketOpened(identity);
    },
    requestFinished(observation) {
      first.requestFinished(observation);
      second.requestFinished(observation);
    },
    groupStateChanged(...change) {
      first.groupStateChanged(...change);
      second.groupStateChanged(...change);
    },
    processStarted(...start) {
      first.processStarted(...start);
      second.processStarted(...start);
    },
    processReady(...ready) {
      first.processReady(...ready);
      second.processReady(...ready);
    },
    processExited(...exit) {
      first.processExited(...exit);
      second.processExited(...exit);
    },
    processReplaced(...replacement) {
      first.processReplaced(...replacement);
      second.processReplaced(...replacement);
    },
    groupDropped(identity) {
      first.groupDropped(identity);
      second.groupDropped(identity);
    },
  };
}

/** An access log as log lines: everything of an observation but the credentials that it never holds. */
export function createAccessLog(log: Log): RequestObserver & GroupObserver {
  const nothing = (): void => undefined;
  return {
    requestStarted: nothing,
    webSocketOpened: nothing,
    requestFinished: (observation) => log.info(accessFields(observation), 'request'),
    groupStateChanged: nothing,
    processStarted: nothing,
    processReady: nothing,
    processExited: nothing,
    processReplaced: nothing,
    groupDropped: nothing,
  };
}

function accessFields(seen: Observation): object {
  const { requestId, identity, durationSeconds, queuedSeconds, upstreamSeconds, ...rest } = seen;
  return {
    request_id: requestId,
    method: rest.method,
    host: rest.host,
    target: rest.target,
    status: rest.status,
    arm: rest.arm,
    mount: rest.mount,
    pid: rest.pid,
    reason: rest.reason,
    retries: rest.retries,
    ...(identity === undefined ? {} : groupFields(identity)),
    duration_ms: milliseconds(durationSeconds),
    queued_ms: milliseconds(queuedSeconds),
    upstream_ms: milliseconds(upstreamSeconds),
    request_bytes: rest.requestBytes,
    response_bytes: rest.responseBytes,
    aborted: rest.aborted || undefined,
  };
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.round(seconds * 1e6) / 1000;
}
