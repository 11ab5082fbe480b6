/**
 * Processes that an application has started and that have left its process group (setsid), so that the end of the group does not
 * reach them. Who still holds the output of a process that is gone belongs to it; who wants to outlive it gives itself another
 * standard output and error, as a daemon does.
 */
import type { ChildProcess } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';

/** How long the output of an ended process may stay open before somebody else is taken to hold it. */
const LAST_WORDS_MS = 200;

/** Those that breed are ended in rounds; who is not gone after these cannot be ended. */
const ROUNDS = 25;

/** What the kernel calls the standard output and error of a process; none when it is gone already. */
export function outputsOf(pid: number): readonly string[] {
  return [1, 2].flatMap((descriptor) => linkOf(pid, descriptor) ?? []);
}

/** Kills whoever holds these outputs, until nobody does; to be called when the process whose they are has ended. */
export function endStrays(
  child: ChildProcess,
  outputs: readonly string[],
  onKill: (pid: number) => void,
): void {
  let round = 0;
  const timer = setInterval(() => {
    round += 1;
    if (round > ROUNDS) clearInterval(timer);
    for (const pid of holdersOf(new Set(outputs))) {
      onKill(pid);
      kill(pid);
    }
  }, LAST_WORDS_MS).unref();
  child.once('close', () => clearInterval(timer));
}

function holdersOf(outputs: ReadonlySet<string>): readonly number[] {
  return listPids().filter((pid) => outputsOf(pid).some((output) => outputs.has(output)));
}

function listPids(): readonly number[] {
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => Number.isInteger(pid) && pid !== process.pid);
  } catch {
    return [];
  }
}

function linkOf(pid: number, descriptor: number): string | undefined {
  try {
    const link = readlinkSync(`/proc/${pid}/fd/${descriptor}`);
    // Anything else, as /dev/null or a terminal, is nobody's own.
    return /^(?:socket|pipe):\[/.test(link) ? link : undefined;
  } catch {
    return undefined;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has gone by itself, or has become another user.
  }
}
