/** What Linux says about a process in `/proc` (proc(5)). Null members: the process is gone or the kernel does not tell. */
import { readdirSync, readFileSync } from 'node:fs';

export type ProcessStats = {
  readonly residentBytes: number;
  /** User and system time since its start. */
  readonly cpuSeconds: number;
  /** Undefined where the kernel does not let us look. */
  readonly openFds?: number;
};

/** Linux reports times to user space in USER_HZ, which is 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = pageBytes();

/** CPU, memory and descriptors of a process; undefined when there is no such process. */
export function readProcessStats(pid: number): ProcessStats | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The second field is the command in parentheses and may hold spaces and parentheses of its own.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [userTicks, systemTicks, residentPages] = [fields[11], fields[12], fields[21]].map(Number);
  const openFds = countFds(pid);
  return {
    cpuSeconds: ((userTicks ?? 0) + (systemTicks ?? 0)) / TICKS_PER_SECOND,
    residentBytes: (residentPages ?? 0) * PAGE_BYTES,
    ...(openFds === undefined ? {} : { openFds }),
  };
}

function countFds(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return undefined;
  }
}

/** The kernel tells its page size to every process in the auxiliary vector: AT_PAGESZ is entry 6 (getauxval(3)). */
function pageBytes(): number {
  try {
    const vector = readFileSync('/proc/self/auxv');
    for (let at = 0; at + 16 <= vector.length; at += 16)
      if (vector.readBigUInt64LE(at) === 6n) return Number(vector.readBigUInt64LE(at + 8));
  } catch {
    return 4096;
  }
  return 4096;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
