/** `/proc` as the benchmark reads it: who descends from whom, what processes use, and how busy the machine is. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** A process, told apart from a later one of the same pid by its start time (proc_pid_stat(5), field 22). */
export type ProcessIdentity = {
  readonly pid: number;
  readonly parent: number;
  readonly startTime: string;
  /** Processor time so far. */
  readonly ticks: number;
};

/** The given processes and everything that descends from them. */
export function descendantsOf(roots: readonly number[]): readonly ProcessIdentity[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => identityOf(Number(name)) ?? []);
  const family = new Set<number>(roots);
  let before = -1;
  while (before !== family.size) {
    before = family.size;
    for (const { pid, parent } of all) if (family.has(parent)) family.add(pid);
  }
  return all.filter(({ pid }) => family.has(pid));
}

export function isAlive({ pid, startTime }: ProcessIdentity): boolean {
  return identityOf(pid)?.startTime === startTime;
}

/** Resident memory in bytes, 0 for a process that is gone. */
export function residentBytes(pid: number): number {
  try {
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kibibytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Linux counts processor time in hundredths of a second everywhere (USER_HZ). */
const ticksPerSecond = 100;

/** Processor time, user and system, that the processes and their living descendants have used. */
export function cpuSeconds(roots: readonly number[]): number {
  return descendantsOf(roots).reduce((sum, { ticks }) => sum + ticks, 0) / ticksPerSecond;
}

/** The share of the machine's processor time that was used over `milliseconds`, 0 to 1. */
export async function busyShare(milliseconds: number): Promise<number> {
  const before = machineTicks();
  await delay(milliseconds);
  const after = machineTicks();
  return (after.busy - before.busy) / (after.all - before.all);
}

/** The first line of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal (proc_stat(5)). */
function machineTicks(): { readonly busy: number; readonly all: number } {
  const [first = ''] = readFileSync('/proc/stat', 'latin1').split('\n', 1);
  const fields = first.split(/\s+/).slice(1, 9).map(Number);
  const all = fields.reduce((sum, ticks) => sum + ticks, 0);
  return { busy: all - (fields[3] ?? 0) - (fields[4] ?? 0), all };
}

function identityOf(pid: number): ProcessIdentity | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command's name stands in parentheses and may hold anything, spaces and parentheses included.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const isZombie = fields[0] === 'Z';
    if (isZombie) return undefined;
    const ticks = Number(fields[11]) + Number(fields[12]);
    return { pid, parent: Number(fields[1]), startTime: fields[19] ?? '', ticks };
  } catch {
    return undefined;
  }
}
