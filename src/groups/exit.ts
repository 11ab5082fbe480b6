/** What the end of a process that nobody asked to end means. */
import type { LeaseEnd } from './lease.ts';
import type { ProcessExit } from './managed-process.ts';
import type { Member } from './member.ts';
import type { ExitReason } from './observer.ts';

/** Signals that a program brings on itself (signal(7): action Core; SIGALRM: nobody got the interpreter lock for deadlock-timeout). */
const FAULTS: ReadonlySet<NodeJS.Signals> = new Set([
  'SIGSEGV',
  'SIGABRT',
  'SIGBUS',
  'SIGILL',
  'SIGFPE',
  'SIGTRAP',
  'SIGSYS',
  'SIGALRM',
]);

/** `signal` is somebody's doing from outside, `crash` the process's own; an exit nobody asked for is a crash, whatever its status. */
export function reasonOfExit(
  { hasSaidStopping }: Member,
  { signal }: ProcessExit,
  hasRunOutOfMemory: () => boolean,
): ExitReason {
  // The kernel kills by the same signal as an operator; its count tells them apart, unless both happen at once.
  if (signal === 'SIGKILL' && hasRunOutOfMemory()) return 'oom';
  if (signal !== null) return FAULTS.has(signal) ? 'crash' : 'signal';
  return hasSaidStopping ? 'signal' : 'crash';
}

/** One sentence for the log and the page. The broken connections of a crash are often heard of before its end is. */
export function describeCrash(member: Member, { code, signal }: ProcessExit, reason: ExitReason): string {
  const { process, inFlight, served, brokenOff } = member;
  const cause = reason === 'oom' ? ': the machine or its container has run out of memory,' : '';
  const how = signal === null ? `with status ${code}` : `by ${signal}${cause}`;
  const answered = served - brokenOff;
  return `Process ${process.pid} ended ${how} after ${answered} requests, with ${inFlight + brokenOff} in flight`;
}

/** What to tell a request whose process the group has ended; one that was frozen may have been fine elsewhere. */
export function reasonForLease({ process, endReason }: Member): LeaseEnd | undefined {
  switch (endReason) {
    case undefined:
    case 'frozen':
    case 'crash':
      return undefined;
    case 'request_timeout':
    case 'startup_timeout': {
      const message = `Process ${process.pid} was ended (${endReason}) before it answered: the group's log has its stacks`;
      return { code: 'ERR_UPSTREAM_TIMEOUT', message };
    }
    default: {
      const message = `Process ${process.pid} was ended (${endReason}) before its answer was whole: more time is given by "gracefulTimeout"`;
      return { code: 'ERR_UPSTREAM_TRUNCATED', message };
    }
  }
}

/** mod_wsgi's `shutdown_reason` for an application whose process is ended; it has words for these alone. */
export function shutdownReason(reason: ExitReason | undefined): string {
  switch (reason) {
    case 'inactivity':
      return 'inactivity_timeout';
    case 'request_timeout':
    case 'startup_timeout':
    case 'restart_interval':
    case 'cpu_time_limit':
      return reason;
    default:
      return '';
  }
}
