/** Several who watch, as one. */
import type { GroupObserver } from '../groups/observer.ts';
import type { RequestObserver } from '../proxy/observation.ts';

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
    connectionEnded(limit) {
      first.connectionEnded(limit);
      second.connectionEnded(limit);
    },
    errorUnexpected() {
      first.errorUnexpected();
      second.errorUnexpected();
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
