/** What the end of a process that nobody asked to end means. */
import type { ProcessExit } from './managed-process.ts';
import type { Member } from './member.ts';
import type { ExitReason } from './observer.ts';

/** Signals that a program brings on itself (signal(7): action Core). */
const FAULTS: ReadonlySet<NodeJS.Signals> = new Set([
  'SIGSEGV',
  'SIGABRT',
  'SIGBUS',
  'SIGILL',
  'SIGFPE',
  'SIGTRAP',
  'SIGSYS',
]);

/** `signal` is somebody's doing from outside, `crash` the process's own; an exit nobody asked for is a crash, whatever its status. */
export function reasonOfExit({ hasSaidStopping }: Member, { signal }: ProcessExit): ExitReason {
  if (signal !== null) return FAULTS.has(signal) ? 'crash' : 'signal';
  return hasSaidStopping ? 'signal' : 'crash';
}

/** One sentence for the log and the page. */
export function describeCrash({ process, inFlight, served }: Member, { code, signal }: ProcessExit): string {
  const how = signal === null ? `with status ${code}` : `by ${signal}`;
  return `Process ${process.pid} ended ${how} after ${served} requests, with ${inFlight} in flight`;
}
