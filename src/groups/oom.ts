/** Whether the kernel kills for want of memory: it does not tell whom, only how often it has (`oom_kill` in /proc/vmstat). */
import { readFileSync } from 'node:fs';

/** Compares with the last time it was asked; one for the whole sidecar. */
export class OomWatch {
  #seen: number = readCount();

  /** Whether the kernel has killed somebody since, on this machine or in a container of it. */
  hasStruck(): boolean {
    const count = readCount();
    const hasStruck = count > this.#seen;
    this.#seen = count;
    return hasStruck;
  }
}

function readCount(): number {
  try {
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
