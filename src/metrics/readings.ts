/** What is read at each scrape rather than counted: states, queues, and the processes in `/proc`. */
import type { GroupState } from '../groups/observer.ts';
import type { GroupIdentity } from '../routing/group-key.ts';
import type { Catalogue } from './catalogue.ts';
import type { GroupSeries } from './group-series.ts';
import { readProcessStats } from './process-stats.ts';

/** A group as it is at this moment, seen from outside. */
export type GroupReading = {
  readonly identity: GroupIdentity;
  readonly state: GroupState;
  readonly processes: readonly { readonly pid: number; readonly state: string }[];
  readonly queueDepth: number;
  readonly queueLimit: number;
  /** Until its next start may be made. */
  readonly backoffSeconds: number;
};

const GROUP_STATES: readonly GroupState[] = [
  'idle',
  'starting',
  'ready',
  'draining',
  'backing_off',
  'failed',
];

/** Holds what must outlive a scrape: the CPU time of processes that have ended since. */
export class Readings {
  readonly #catalogue: Catalogue;
  readonly #seriesOf: (identity: GroupIdentity) => GroupSeries;
  /** Last CPU seconds seen of each living process, and whose they are. */
  readonly #cpu = new Map<number, { readonly series: GroupSeries; readonly seconds: number }>();

  constructor(catalogue: Catalogue, seriesOf: (identity: GroupIdentity) => GroupSeries) {
    this.#catalogue = catalogue;
    this.#seriesOf = seriesOf;
  }

  /** Groups of one name that `isolation` parts are one pair of labels: their figures are summed. */
  take(groups: readonly GroupReading[]): void {
    const { queue_depth, queue_limit, group_restart_backoff_seconds } = this.#catalogue;
    this.#clear();
    this.#countStates(groups);
    for (const group of groups) {
      const series = this.#seriesOf(group.identity);
      queue_depth.cell(series.labels).value += group.queueDepth;
      queue_limit.cell(series.labels).value += group.queueLimit;
      const backoff = group_restart_backoff_seconds.cell(series.labels);
      backoff.value = Math.max(backoff.value, group.backoffSeconds);
      this.#readProcesses(group, series);
    }
    this.#readUp(groups);
    const living = new Set(groups.flatMap((group) => group.processes.map(({ pid }) => pid)));
    for (const pid of this.#cpu.keys()) if (!living.has(pid)) this.#cpu.delete(pid);
  }

  #clear(): void {
    const { queue_depth, queue_limit, processes, group_up, group_restart_backoff_seconds } = this.#catalogue;
    const { process_resident_memory_bytes, process_open_fds } = this.#catalogue;
    const ofProcesses = [processes, process_resident_memory_bytes, process_open_fds];
    for (const family of [queue_depth, queue_limit, group_up, group_restart_backoff_seconds, ...ofProcesses])
      family.clear();
  }

  #countStates(groups: readonly GroupReading[]): void {
    for (const state of GROUP_STATES) {
      const count = groups.filter((group) => group.state === state).length;
      this.#catalogue.groups.cell({ state }).value = count;
    }
  }

  #readProcesses(group: GroupReading, series: GroupSeries): void {
    const { processes, process_resident_memory_bytes, process_open_fds } = this.#catalogue;
    for (const { pid, state } of group.processes) {
      processes.cell({ ...series.labels, state }).value += 1;
      const stats = readProcessStats(pid);
      if (stats === undefined) continue;
      process_resident_memory_bytes.cell(series.labels).value += stats.residentBytes;
      process_open_fds.cell(series.labels).value += stats.openFds ?? 0;
      this.#addCpu(pid, series, stats.cpuSeconds);
    }
  }

  /** A counter may never fall, so what a process used since the last scrape is added, and stays when it has ended. */
  #addCpu(pid: number, series: GroupSeries, seconds: number): void {
    const seen = this.#cpu.get(pid);
    const before = seen?.series === series && seen.seconds <= seconds ? seen.seconds : 0;
    this.#catalogue.process_cpu_seconds_total.cell(series.labels).value += seconds - before;
    this.#cpu.set(pid, { series, seconds });
  }

  /** Down wins: of groups that share their labels one that cannot answer is what an operator must hear of. */
  #readUp(groups: readonly GroupReading[]): void {
    const down = (group: GroupReading): boolean => group.state === 'backing_off' || group.state === 'failed';
    for (const group of groups)
      this.#catalogue.group_up.cell(this.#seriesOf(group.identity).labels).value = 1;
    for (const group of groups.filter(down))
      this.#catalogue.group_up.cell(this.#seriesOf(group.identity).labels).value = 0;
  }
}
