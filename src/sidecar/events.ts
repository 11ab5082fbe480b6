/** What happens to groups and to the configuration, told to whoever listens on the admin side; kept nowhere. */
import type { EventView, ReloadView } from '../../routes/model.ts';
import type { GroupObserver } from '../groups/observer.ts';
import type { RequestObserver } from '../proxy/observation.ts';
import type { GroupIdentity } from '../routing/group-key.ts';
import { viewIdentity } from './group-views.ts';

export type Events = {
  /** Requests are not events: metrics count them, the access log lists them. */
  readonly observer: GroupObserver & RequestObserver;
  reloaded(reload: ReloadView): void;
  /** Tells until the returned function is called. */
  listen(listener: (event: EventView) => void): () => void;
};

export function createEvents(): Events {
  const listeners = new Set<(event: EventView) => void>();
  const tell = (make: () => EventView): void => {
    if (listeners.size === 0) return;
    const event = make();
    for (const listener of listeners) {
      try {
        listener(event);
      } catch {
        // What happens to a group goes on happening; who cannot be told is told no more.
        listeners.delete(listener);
      }
    }
  };
  const processEvent = (
    identity: GroupIdentity,
    what: 'started' | 'ready' | 'exited',
    reason?: string,
  ): void =>
    tell(() => ({
      kind: 'process',
      at: Date.now(),
      group: viewIdentity(identity),
      what,
      ...(reason === undefined ? {} : { reason }),
    }));
  const nothing = (): void => undefined;
  return {
    observer: {
      requestStarted: nothing,
      webSocketOpened: nothing,
      requestFinished: nothing,
      connectionEnded: nothing,
      errorUnexpected: nothing,
      groupStateChanged: (identity, from, to) =>
        tell(() => ({
          kind: 'group',
          at: Date.now(),
          group: viewIdentity(identity),
          ...(from === undefined ? {} : { from }),
          to,
        })),
      processStarted: (identity, reason) => processEvent(identity, 'started', reason),
      processReady: (identity) => processEvent(identity, 'ready'),
      processExited: (identity, reason) => processEvent(identity, 'exited', reason),
      processReplaced: nothing,
      groupDropped: nothing,
    },
    reloaded: (reload) => tell(() => ({ kind: 'reload', at: reload.at, reload })),
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
