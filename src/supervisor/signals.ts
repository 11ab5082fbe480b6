/** What the operator's signals mean. A handler only calls; it neither waits nor logs. */

export type SignalActions = {
  /** TERM, INT: no new requests, finish the old, end. */
  readonly drain: (signal: NodeJS.Signals) => void;
  /** A second INT or TERM: end at once. */
  readonly abandon: (signal: NodeJS.Signals) => void;
  /** HUP: read the configuration again. */
  readonly reload: () => void;
};

/** Listens until the returned function is called. */
export function watchSignals({ drain, abandon, reload }: SignalActions): () => void {
  let draining = false;
  const end = (signal: NodeJS.Signals): void => {
    if (draining) abandon(signal);
    else drain(signal);
    draining = true;
  };
  const listeners: readonly (readonly [NodeJS.Signals, (signal: NodeJS.Signals) => void])[] = [
    ['SIGTERM', end],
    ['SIGINT', end],
    ['SIGHUP', () => reload()],
  ];
  for (const [signal, listener] of listeners) process.on(signal, listener);
  return () => {
    for (const [signal, listener] of listeners) process.off(signal, listener);
  };
}
