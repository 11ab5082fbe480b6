/** Makes the plan of a group from the site's process group and the settings. Pure. */
import { type GroupIdentity, groupKey } from '../routing/group-key.ts';
import type { ProcessGroup } from '../site/model.ts';
import { statedBy } from './daemon-options.ts';
import { type ParentEnvironment, planEnvironment } from './environment.ts';
import { type GroupSettings, inBytes, layered } from './group-settings.ts';
import { type GroupPlan, groupId, type ProcessLimits, type ScriptImport } from './plan.ts';
import { type ApacheConcurrency, planConcurrency } from './plan-concurrency.ts';
import { planLife } from './plan-life.ts';
import { NO_PYTHON_OPTIONS, type PythonOptions, pythonVariables, restrictionsOf } from './python-options.ts';
import { planRunner } from './runners/plan-runner.ts';

/** What Apache's configuration says about processes outside `WSGIDaemonProcess`. Byte strings. */
export type ApacheDefaults = ApacheConcurrency & {
  /** `User` and `Group` of the main server. */
  readonly user?: string | undefined;
  readonly group?: string | undefined;
  /** `WSGIPythonPath`, `WSGIPythonHome`, `WSGIPythonEggs`. */
  readonly pythonPath?: readonly string[] | undefined;
  readonly pythonHome?: string | undefined;
  readonly pythonEggs?: string | undefined;
  readonly pythonOptions?: PythonOptions | undefined;
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
  readonly modWsgiVersion: readonly [number, number, number];
  /** Whether the sidecar is root: only then can `user` and `group` be honoured, as under Apache. */
  readonly root: boolean;
  /** The sidecar's own environment, of which an allow-list is passed on. */
  readonly parentEnvironment: ParentEnvironment;
};

const START_TIMEOUT_MS = 60_000;
const DRAIN_TIMEOUT_MS = 30_000;
/** `shutdown-timeout`, `connect-timeout` and `listen-backlog` of mod_wsgi. */
const SHUTDOWN_TIMEOUT_MS = 5_000;
const CONNECT_TIMEOUT_MS = 15_000;
const LISTEN_BACKLOG = 100;
const QUEUE_LENGTH = 100;
const QUEUE_TIMEOUT_MS = 30_000;

/** Everybody who says something of a group, names and paths as byte strings; `said` is what counts. */
type Sources = {
  readonly own: GroupSettings;
  readonly stated: GroupSettings;
  readonly apache: ApacheDefaults;
  readonly defaults: GroupSettings;
  readonly said: GroupSettings;
};

/** The plan of a group: its own settings, then its `WSGIDaemonProcess`, then Apache's, then the settings' defaults, then mod_wsgi's. */
export function planGroup(identity: GroupIdentity, context: PlanContext): GroupPlan {
  const key = groupKey(identity);
  const sources = sourcesOf(context);
  const { own, said } = sources;
  const { pythonOptions = NO_PYTHON_OPTIONS } = context.apache;
  const runner = planRunner(own, sources.defaults);
  const imports = said.imports?.map((script) => ({ script, callableObject: 'application' })) ?? [];
  return {
    identity,
    key,
    id: groupId(key),
    mode: context.processGroup === undefined ? 'embedded' : 'daemon',
    runner,
    ...planConcurrency(context, runner),
    python: said.python ?? 'python3',
    pythonPath: said.pythonPath ?? [],
    ...(own.python === undefined || own.pythonHome !== undefined
      ? defined('pythonHome', said.pythonHome)
      : {}),
    environment: planEnvironment(context.parentEnvironment, {
      lang: said.lang,
      locale: said.locale,
      pythonEggs: said.pythonEggs,
      variables: {
        ...pythonVariables(pythonOptions),
        ...context.defaults.environment,
        ...context.overrides?.environment,
      },
    }),
    ...planUser(sources, context.root),
    ...planPlace(sources),
    limits: planLimits(said),
    imports: [...context.imports, ...imports],
    scriptReloading: said.scriptReloading ?? true,
    restrictions: restrictionsOf(pythonOptions),
    modWsgiVersion: context.modWsgiVersion,
    ...planTimes(said),
    ...planWorker(said),
    life: planLife(said),
  };
}

function sourcesOf({ processGroup, apache, defaults, overrides }: PlanContext): Sources {
  const { pythonPath, pythonHome, pythonEggs } = apache;
  const general: GroupSettings = {
    pythonPath: pythonPath?.length === 0 ? undefined : pythonPath,
    pythonHome: textOf(pythonHome),
    pythonEggs: textOf(pythonEggs),
  };
  const own = inBytes(overrides ?? {});
  const stated = processGroup === undefined ? {} : statedBy(processGroup);
  const byDefault = inBytes(defaults);
  return { own, stated, apache, defaults: byDefault, said: layered(byDefault, general, stated, own) };
}

type UserPlan = Pick<GroupPlan, 'user' | 'group' | 'supplementaryGroups' | 'allowRoot'>;

/** As whom: mod_wsgi ignores `user` and `group` unless Apache was started as root, and so does the sidecar. */
function planUser({ own, stated, apache, defaults, said }: Sources, root: boolean): UserPlan {
  const allowRoot = said.allowRoot ?? false;
  if (!root) return { allowRoot };
  const ownUser = own.user ?? stated.user;
  const ownGroup = own.group ?? stated.group;
  // Apache's `Group` belongs to Apache's `User`; another user has a group of their own.
  const group = ownGroup ?? (ownUser === undefined ? (apache.group ?? defaults.group) : undefined);
  return {
    allowRoot,
    ...defined('user', ownUser ?? apache.user ?? defaults.user),
    ...defined('group', group),
    ...defined('supplementaryGroups', said.supplementaryGroups),
  };
}

type PlacePlan = Pick<
  GroupPlan,
  'isHomeOnPath' | 'home' | 'chroot' | 'umask' | 'nice' | 'displayName' | 'locale'
>;

function planPlace({ own, stated, apache, said }: Sources): PlacePlan {
  const user = own.user ?? stated.user;
  // mod_wsgi changes into a user's home only where that user is not Apache's own.
  const implied = user === undefined || user === apache.user ? '/' : undefined;
  return {
    ...defined('home', said.home ?? implied),
    isHomeOnPath: said.home !== undefined,
    ...defined('chroot', said.chroot),
    ...defined('umask', said.umask),
    ...defined('nice', said.cpuPriority),
    ...defined('displayName', said.displayName),
    ...defined('locale', said.locale),
  };
}

function planLimits(said: GroupSettings): ProcessLimits {
  const cpuMs = positive(said.cpuTimeLimitMs);
  return {
    ...defined('data', positive(said.memoryLimitBytes)),
    ...defined('as', positive(said.virtualMemoryLimitBytes)),
    // The system counts whole seconds.
    ...defined('cpu', cpuMs === undefined ? undefined : Math.ceil(cpuMs / 1000)),
  };
}

type TimePlan = Pick<
  GroupPlan,
  | 'startTimeoutMs'
  | 'drainTimeoutMs'
  | 'shutdownTimeoutMs'
  | 'queueLength'
  | 'queueTimeoutMs'
  | 'connectTimeoutMs'
  | 'socketTimeoutMs'
  | 'responseSocketTimeoutMs'
  | 'listenBacklog'
>;

function planTimes(said: GroupSettings): TimePlan {
  return {
    startTimeoutMs: said.startTimeoutMs ?? START_TIMEOUT_MS,
    drainTimeoutMs: said.drainTimeoutMs ?? DRAIN_TIMEOUT_MS,
    shutdownTimeoutMs: said.shutdownTimeoutMs ?? SHUTDOWN_TIMEOUT_MS,
    queueLength: said.queueLength ?? QUEUE_LENGTH,
    queueTimeoutMs: said.queueTimeoutMs ?? QUEUE_TIMEOUT_MS,
    connectTimeoutMs: said.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    ...defined('socketTimeoutMs', positive(said.socketTimeoutMs)),
    // mod_wsgi: what is not stated is socket-timeout.
    ...defined(
      'responseSocketTimeoutMs',
      positive(said.responseSocketTimeoutMs) ?? positive(said.socketTimeoutMs),
    ),
    listenBacklog: said.listenBacklog ?? LISTEN_BACKLOG,
  };
}

type WorkerPlan = Pick<
  GroupPlan,
  | 'startupTimeoutMs'
  | 'stackSizeBytes'
  | 'switchIntervalMs'
  | 'scriptUser'
  | 'scriptGroup'
  | 'sendBufferSizeBytes'
  | 'receiveBufferSizeBytes'
>;

/** What the worker does by itself. */
function planWorker(said: GroupSettings): WorkerPlan {
  return {
    ...defined('startupTimeoutMs', positive(said.startupTimeoutMs)),
    ...defined('stackSizeBytes', positive(said.stackSizeBytes)),
    ...defined('switchIntervalMs', positive(said.switchIntervalMs)),
    ...defined('scriptUser', said.scriptUser),
    ...defined('scriptGroup', said.scriptGroup),
    ...defined('sendBufferSizeBytes', positive(said.sendBufferSizeBytes)),
    ...defined('receiveBufferSizeBytes', positive(said.receiveBufferSizeBytes)),
  };
}

/** `{name: value}` or nothing, because an optional property may not hold undefined. */
function defined<Name extends string, Value>(name: Name, value: Value | undefined): { [K in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { [K in Name]?: Value });
}

/** 0 means that there is no limit. */
function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined;
}

function textOf(bytes: string | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes, 'latin1').toString('utf8');
}
