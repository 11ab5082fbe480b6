/** Ending a process group: TERM, a grace, KILL. */
import { setTimeout as delay } from 'node:timers/promises';
import { timerMs } from '../timer-ms.ts';

/** What `terminate` needs to know. */
export type TerminateRequest = {
  readonly processGroup: number;
  readonly graceMs: number;
  /** Kept when the group's leader has exited. */
  readonly exited: Promise<unknown>;
};

/** Resolves when the leader is gone. A frozen process holds TERM back for ever, but not KILL. */
export async function terminate({ processGroup, graceMs, exited }: TerminateRequest): Promise<void> {
  signalGroup(processGroup, 'SIGTERM');
  const timer = new AbortController();
  const isOver = exited.then(() => 'exited' as const);
  const grace = delay(timerMs(graceMs), 'late' as const, { signal: timer.signal });
  const isLate = grace.catch(() => 'exited' as const);
  const outcome = await Promise.race([isOver, isLate]);
  timer.abort();
  if (outcome === 'late') signalGroup(processGroup, 'SIGKILL');
  await exited;
}

/** Signals every member of the process group; none left is fine. */
export function signalGroup(processGroup: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-processGroup, signal);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    // EPERM: only members that have taken another user's identity are left.
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
