/** Makes the plan of a group from the site's process group and the settings. Pure. */
import { type GroupIdentity, groupKey } from '../routing/group-key.ts';
import type { ProcessGroup } from '../site/model.ts';
import { type ParentEnvironment, planEnvironment } from './environment.ts';
import { type GroupPlan, groupId, type ProcessLimits, type ScriptImport } from './plan.ts';
import { type LifeSettings, planLife } from './plan-life.ts';

/** What the settings may say about groups, as default or for one group. Text as in `sidecar.yaml`. */
export type GroupSettings = {
  readonly python?: string | undefined;
  readonly processes?: number | undefined;
  readonly threads?: number | undefined;
  readonly user?: string | undefined;
  readonly group?: string | undefined;
  readonly allowRoot?: boolean | undefined;
  readonly home?: string | undefined;
  readonly umask?: string | undefined;
  readonly pythonPath?: readonly string[] | undefined;
  readonly pythonHome?: string | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly startupTimeoutMs?: number | undefined;
  readonly drainTimeoutMs?: number | undefined;
  readonly shutdownTimeoutMs?: number | undefined;
  readonly queueLength?: number | undefined;
  readonly queueTimeoutMs?: number | undefined;
} & LifeSettings;

/** What Apache's configuration says about processes outside `WSGIDaemonProcess`. */
export type ApacheDefaults = {
  /** `User` and `Group` of the main server. */
  readonly user?: string | undefined;
  readonly group?: string | undefined;
  /** DESIGN §5 has other defaults for the one without threads. */
  readonly mpm?: 'prefork' | 'worker' | 'event' | undefined;
  readonly maxRequestWorkers?: number | undefined;
  readonly threadsPerChild?: number | undefined;
  /** `WSGIPythonPath`, `WSGIPythonHome`. */
  readonly pythonPath?: readonly string[] | undefined;
  readonly pythonHome?: string | undefined;
};

/** All that `planGroup` looks at besides the identity. */
export type PlanContext = {
  /** The `WSGIDaemonProcess` that the identity names; undefined in embedded mode. */
  readonly processGroup?: ProcessGroup | undefined;
  readonly apache: ApacheDefaults;
  /** Settings for every group, then for this one. */
  readonly defaults: GroupSettings;
  readonly overrides?: GroupSettings | undefined;
  readonly imports: readonly ScriptImport[];
  readonly scriptReloading: boolean;
  readonly modWsgiVersion: readonly [number, number, number];
  /** Whether the sidecar is root: only then can `user` and `group` be honoured, as under Apache. */
  readonly root: boolean;
  /** The sidecar's own environment, of which an allow-list is passed on. */
  readonly parentEnvironment: ParentEnvironment;
};

const STARTUP_TIMEOUT_MS = 60_000;
const DRAIN_TIMEOUT_MS = 30_000;
/** `shutdown-timeout` and `listen-backlog` of mod_wsgi. */
const SHUTDOWN_TIMEOUT_MS = 5_000;
const LISTEN_BACKLOG = 100;
const QUEUE_LENGTH = 100;
const QUEUE_TIMEOUT_MS = 30_000;
/** Threads of `WSGIDaemonProcess`, and the most that an embedded group gets unless it is said. */
const THREADS = 15;
const EMBEDDED_PREFORK_PROCESSES = 4;
/** Apache's own defaults of `MaxRequestWorkers` (prefork) and `ThreadsPerChild`. */
const MAX_REQUEST_WORKERS = 256;
const THREADS_PER_CHILD = 25;

/** The plan of a group: the group's own settings, then its `WSGIDaemonProcess`, then the settings' defaults, then mod_wsgi's. */
export function planGroup(identity: GroupIdentity, context: PlanContext): GroupPlan {
  const { processGroup, apache, defaults } = context;
  const own = context.overrides ?? {};
  const key = groupKey(identity);
  const options: ReadonlyMap<string, string> = processGroup?.options ?? new Map();
  const pythonHome =
    own.pythonHome ?? textOf(processGroup?.pythonHome ?? apache.pythonHome) ?? defaults.pythonHome;
  return {
    identity,
    key,
    id: groupId(key),
    mode: processGroup === undefined ? 'embedded' : 'daemon',
    ...planConcurrency(context),
    python: own.python ?? defaults.python ?? 'python3',
    pythonPath: planPythonPath(context),
    ...(pythonHome === undefined || own.python !== undefined ? {} : { pythonHome }),
    environment: planEnvironment(context.parentEnvironment, {
      lang: textOf(processGroup?.lang),
      locale: textOf(processGroup?.locale),
      pythonEggs: textOf(options.get('python-eggs')),
      variables: { ...defaults.environment, ...own.environment },
    }),
    ...planUser(context),
    ...planPlace(context),
    limits: planLimits(options),
    imports: context.imports,
    scriptReloading: context.scriptReloading,
    modWsgiVersion: context.modWsgiVersion,
    ...planTimes(context),
    life: planLife({ own, processGroup, defaults }),
  };
}

type Concurrency = Pick<GroupPlan, 'processes' | 'threads' | 'multiprocess'>;

/** Processes and threads; `wsgi.multiprocess` tells the truth, but for mod_wsgi's rule that stating `processes=1` makes it true. */
function planConcurrency({ processGroup, apache, defaults, overrides }: PlanContext): Concurrency {
  const own = overrides ?? {};
  const embedded = embeddedConcurrency(apache, defaults);
  const processes = own.processes ?? (processGroup ? processGroup.processes : embedded.processes) ?? 1;
  const threads = own.threads ?? (processGroup ? processGroup.threads : embedded.threads);
  return {
    processes: Math.max(1, processes),
    // `threads=0` declares a service script, which is imported and gets no requests.
    threads: Math.max(1, threads),
    multiprocess: processes > 1 || (own.processes === undefined && processGroup?.processes !== undefined),
  };
}

/** Embedded mode has no such numbers under Apache: prefork may hold scripts that are not thread-safe (DESIGN §5). */
function embeddedConcurrency(
  { mpm, maxRequestWorkers, threadsPerChild }: ApacheDefaults,
  { processes, threads }: GroupSettings,
): { readonly processes: number; readonly threads: number } {
  if (mpm === 'prefork') {
    const children = Math.min(maxRequestWorkers ?? MAX_REQUEST_WORKERS, EMBEDDED_PREFORK_PROCESSES);
    return { processes: processes ?? children, threads: threads ?? 1 };
  }
  const perChild = Math.min(threadsPerChild ?? THREADS_PER_CHILD, THREADS);
  return { processes: processes ?? 1, threads: threads ?? perChild };
}

function planPythonPath({ processGroup, apache, defaults, overrides }: PlanContext): readonly string[] {
  const own = overrides?.pythonPath?.map((entry) => bytesOf(entry));
  const stated = processGroup?.pythonPath ?? [];
  const inherited = apache.pythonPath ?? defaults.pythonPath?.map((entry) => bytesOf(entry)) ?? [];
  return own ?? (stated.length > 0 ? stated : inherited);
}

type UserPlan = Pick<GroupPlan, 'user' | 'group' | 'supplementaryGroups' | 'allowRoot'>;

/** As whom: mod_wsgi ignores `user` and `group` unless Apache was started as root, and so does the sidecar. */
function planUser({ processGroup, apache, defaults, overrides, root }: PlanContext): UserPlan {
  const allowRoot = overrides?.allowRoot ?? defaults.allowRoot ?? false;
  if (!root) return { allowRoot };
  const ownUser = bytesOf(overrides?.user) ?? processGroup?.user;
  const user = ownUser ?? apache.user ?? bytesOf(defaults.user);
  const stated = bytesOf(overrides?.group) ?? processGroup?.group;
  // Apache's `Group` belongs to Apache's `User`; another user has a group of their own.
  const group = stated ?? (ownUser === undefined ? (apache.group ?? bytesOf(defaults.group)) : undefined);
  const supplementary = processGroup?.options.get('supplementary-groups');
  return {
    allowRoot,
    ...defined('user', user),
    ...defined('group', group),
    ...defined('supplementaryGroups', supplementary?.split(',')),
  };
}

type PlacePlan = Pick<GroupPlan, 'home' | 'chroot' | 'umask' | 'nice' | 'displayName'>;

function planPlace({ processGroup, apache, defaults, overrides }: PlanContext): PlacePlan {
  const user = bytesOf(overrides?.user) ?? processGroup?.user;
  // mod_wsgi changes into a user's home only where that user is not Apache's own.
  const implied = user === undefined || user === apache.user ? '/' : undefined;
  const home = bytesOf(overrides?.home) ?? processGroup?.home ?? bytesOf(defaults.home) ?? implied;
  return {
    ...defined('home', home),
    ...defined('chroot', processGroup?.options.get('chroot')),
    ...defined('umask', overrides?.umask ?? processGroup?.umask ?? defaults.umask),
    ...defined('nice', numberOf(processGroup?.options.get('cpu-priority'))),
    ...defined('displayName', processGroup?.displayName?.replace('%{GROUP}', `(wsgi:${processGroup.name})`)),
  };
}

function planLimits(options: ReadonlyMap<string, string>): ProcessLimits {
  return {
    ...defined('data', positiveOf(options.get('memory-limit'))),
    ...defined('as', positiveOf(options.get('virtual-memory-limit'))),
    ...defined('cpu', positiveOf(options.get('cpu-time-limit'))),
  };
}

type TimePlan = Pick<
  GroupPlan,
  | 'startupTimeoutMs'
  | 'drainTimeoutMs'
  | 'shutdownTimeoutMs'
  | 'queueLength'
  | 'queueTimeoutMs'
  | 'listenBacklog'
>;

function planTimes({ processGroup, defaults, overrides }: PlanContext): TimePlan {
  const own = overrides ?? {};
  const stated = (option: string): number | undefined => {
    const seconds = positiveOf(processGroup?.options.get(option));
    return seconds === undefined ? undefined : seconds * 1000;
  };
  const shutdown = own.shutdownTimeoutMs ?? stated('shutdown-timeout') ?? defaults.shutdownTimeoutMs;
  const queue = own.queueTimeoutMs ?? stated('queue-timeout') ?? defaults.queueTimeoutMs;
  return {
    startupTimeoutMs: own.startupTimeoutMs ?? defaults.startupTimeoutMs ?? STARTUP_TIMEOUT_MS,
    drainTimeoutMs: own.drainTimeoutMs ?? defaults.drainTimeoutMs ?? DRAIN_TIMEOUT_MS,
    shutdownTimeoutMs: shutdown ?? SHUTDOWN_TIMEOUT_MS,
    queueLength: own.queueLength ?? defaults.queueLength ?? QUEUE_LENGTH,
    queueTimeoutMs: queue ?? QUEUE_TIMEOUT_MS,
    listenBacklog: positiveOf(processGroup?.options.get('listen-backlog')) ?? LISTEN_BACKLOG,
  };
}

/** `{name: value}` or nothing, because an optional property may not hold undefined. */
function defined<Name extends string, Value>(name: Name, value: Value | undefined): { [K in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { [K in Name]?: Value });
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;
}

/** mod_wsgi's 0 means that there is no limit. */
function positiveOf(text: string | undefined): number | undefined {
  const value = numberOf(text);
  return value !== undefined && value > 0 ? value : undefined;
}

function bytesOf(text: string): string;
function bytesOf(text: string | undefined): string | undefined;
function bytesOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : Buffer.from(text, 'utf8').toString('latin1');
}

function textOf(bytes: string | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes, 'latin1').toString('utf8');
}
