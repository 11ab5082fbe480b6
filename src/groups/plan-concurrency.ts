/** How many processes and threads a group has, by who says so and by how mod_wsgi would run it. Pure. */
import type { ProcessGroup } from '../site/model.ts';
import type { GroupSettings } from './group-settings.ts';
import type { GroupPlan } from './plan.ts';
import type { Runner } from './runners/runner.ts';
import { RUNNER_TABLE } from './runners/traits.ts';

/** What Apache's configuration says about its own processes and threads, which embedded applications live in. */
export type ApacheConcurrency = {
  /** DESIGN §5 has other defaults for the one without threads. */
  readonly mpm?: 'prefork' | 'worker' | 'event' | undefined;
  readonly maxRequestWorkers?: number | undefined;
  readonly threadsPerChild?: number | undefined;
};

/** Who says something of it: the `WSGIDaemonProcess`, Apache, the settings of every group and of this one. */
export type ConcurrencySources = {
  readonly processGroup?: ProcessGroup | undefined;
  readonly apache: ApacheConcurrency;
  readonly defaults: GroupSettings;
  readonly overrides?: GroupSettings | undefined;
};

/** The most threads that an embedded group gets unless it is said; `WSGIDaemonProcess` has as many. */
const THREADS = 15;
const EMBEDDED_PREFORK_PROCESSES = 4;
/** A server elsewhere has limits of its own; this one keeps a slow one from taking all of the sidecar's descriptors. */
const REQUESTS_PER_URL = 256;
/** Apache's own defaults of `MaxRequestWorkers` (prefork) and `ThreadsPerChild`. */
const MAX_REQUEST_WORKERS = 256;
const THREADS_PER_CHILD = 25;

/** How many requests a group serves at once, and by what. */
export type Concurrency = Pick<GroupPlan, 'processes' | 'threads' | 'multiprocess'>;

/** Processes and threads; `wsgi.multiprocess` tells the truth, but for mod_wsgi's rule that stating `processes=1` makes it true. */
export function planConcurrency(
  { processGroup, apache, defaults, overrides }: ConcurrencySources,
  runner: Runner,
): Concurrency {
  const own = overrides ?? {};
  if (runner.kind === 'url') {
    const threads = own.threads ?? defaults.threads ?? REQUESTS_PER_URL;
    return { processes: runner.urls.length, threads, multiprocess: true };
  }
  const embedded = embeddedConcurrency(apache, defaults);
  const processes = own.processes ?? (processGroup ? processGroup.processes : embedded.processes) ?? 1;
  const threads = own.threads ?? (processGroup ? processGroup.threads : embedded.threads);
  return {
    processes: Math.max(1, processes),
    // `threads=0` declares a service script, which is imported and gets no requests.
    threads: Math.min(
      Math.max(1, threads),
      RUNNER_TABLE[runner.kind].mostThreads ?? Number.POSITIVE_INFINITY,
    ),
    multiprocess: processes > 1 || (own.processes === undefined && processGroup?.processes !== undefined),
  };
}

/** Embedded mode has no such numbers under Apache: prefork may hold scripts that are not thread-safe (DESIGN §5). */
function embeddedConcurrency(
  { mpm, maxRequestWorkers, threadsPerChild }: ApacheConcurrency,
  { processes, threads }: GroupSettings,
): { readonly processes: number; readonly threads: number } {
  if (mpm === 'prefork') {
    const children = Math.min(maxRequestWorkers ?? MAX_REQUEST_WORKERS, EMBEDDED_PREFORK_PROCESSES);
    return { processes: processes ?? children, threads: threads ?? 1 };
  }
  const perChild = Math.min(threadsPerChild ?? THREADS_PER_CHILD, THREADS);
  return { processes: processes ?? 1, threads: threads ?? perChild };
}
