/** The upgrade of a sidecar, seen from the new one: what it inherits, and how the old one learns that it may go. */
import type { Inheritance, InheritanceMessage, SuccessorMessage } from './inheritance.ts';
import { PREDECESSOR_VARIABLE } from './inheritance.ts';

/** The sidecar that has started this one, which it succeeds. */
export type Predecessor = {
  readonly pid: number;
  readonly inheritance: Inheritance;
  /** This one serves: the old one stops accepting, finishes what it has and ends. */
  tellReady(version: string): Promise<void>;
  /** This one cannot serve: the old one goes on, and says why. */
  tellFailed(message: string): Promise<void>;
};

/** Undefined for a sidecar that nobody has started as a successor. The variable is taken out of `environment`. */
export async function meetPredecessor(
  environment: Record<string, string | undefined>,
): Promise<Predecessor | undefined> {
  const pid = environment[PREDECESSOR_VARIABLE];
  delete environment[PREDECESSOR_VARIABLE];
  if (pid === undefined || process.send === undefined) return undefined;
  const inheritance = await firstMessage();
  if (inheritance === undefined) return undefined;
  return {
    pid: Number(pid),
    inheritance,
    tellReady: (version) => say({ kind: 'ready', version }),
    tellFailed: (message) => say({ kind: 'failed', message }),
  };
}

/** Undefined when the old one is gone before it has said anything. */
function firstMessage(): Promise<InheritanceMessage | undefined> {
  return new Promise((resolve) => {
    process.once('message', (message) => resolve(message as InheritanceMessage));
    process.once('disconnect', () => resolve(undefined));
  });
}

/** Once, the last word. An old sidecar that is gone by now hears nothing, and this one serves all the same. */
function say(message: SuccessorMessage): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected) resolve();
    else
      process.send?.(message, undefined, undefined, () => {
        if (process.connected) process.disconnect();
        resolve();
      });
  });
}
