/**
 * The options of `WSGIDaemonProcess` as settings of its groups (mod_wsgi: `wsgi_add_daemon_process()`). What is not here is
 * not carried over, and `check` says why. `processes` and `threads` stand in the site's model.
 */
import { leadingInteger, leadingLong } from '../c-integer.ts';
import type { ProcessGroup } from '../site/model.ts';
import type { GroupSettings } from './group-settings.ts';

type Key = keyof GroupSettings;

/** Seconds; stating 0 takes a limit away that the settings' defaults set. */
const SECONDS: Readonly<Record<string, Key>> = {
  'startup-timeout': 'startupTimeoutMs',
  'inactivity-timeout': 'inactivityTimeoutMs',
  'request-timeout': 'requestTimeoutMs',
  'interrupt-timeout': 'interruptTimeoutMs',
  'graceful-timeout': 'gracefulTimeoutMs',
  'eviction-timeout': 'evictionTimeoutMs',
  'restart-interval': 'restartIntervalMs',
  'deadlock-timeout': 'deadlockTimeoutMs',
  'socket-timeout': 'socketTimeoutMs',
  'response-socket-timeout': 'responseSocketTimeoutMs',
  'cpu-time-limit': 'cpuTimeLimitMs',
};

/** Seconds of which 0 would say nothing here: there is always an end to it. */
const POSITIVE_SECONDS: Readonly<Record<string, Key>> = {
  'shutdown-timeout': 'shutdownTimeoutMs',
  'queue-timeout': 'queueTimeoutMs',
  'connect-timeout': 'connectTimeoutMs',
};

const NUMBERS: Readonly<Record<string, Key>> = {
  'maximum-requests': 'maximumRequests',
  'cpu-priority': 'cpuPriority',
  'memory-limit': 'memoryLimitBytes',
  'virtual-memory-limit': 'virtualMemoryLimitBytes',
  'stack-size': 'stackSizeBytes',
  'send-buffer-size': 'sendBufferSizeBytes',
  'receive-buffer-size': 'receiveBufferSizeBytes',
};

/** Byte strings. */
const NAMES: Readonly<Record<string, Key>> = {
  user: 'user',
  group: 'group',
  home: 'home',
  chroot: 'chroot',
  umask: 'umask',
  'script-user': 'scriptUser',
  'script-group': 'scriptGroup',
};

/** What Node hands to the system, as text. */
const TEXTS: Readonly<Record<string, Key>> = {
  'python-home': 'pythonHome',
  'python-eggs': 'pythonEggs',
  lang: 'lang',
  locale: 'locale',
};

/** What the directive says of its groups; names and paths as byte strings. */
export function statedBy(processGroup: ProcessGroup): GroupSettings {
  const said: Record<string, unknown> = {};
  for (const [option, value] of processGroup.options) {
    const [key, read] = readerOf(option, processGroup.name);
    const meant = key === undefined || value === '' ? undefined : read(value);
    if (key !== undefined && meant !== undefined) said[key] = meant;
  }
  return said as GroupSettings;
}

/** Options that are read one by one. */
const OTHERS = [
  'processes',
  'threads',
  'python-path',
  'supplementary-groups',
  'display-name',
  'listen-backlog',
  'switch-interval',
];

/** The options that have a meaning here. */
export const OPTION_NAMES: readonly string[] = [
  ...Object.keys({ ...SECONDS, ...POSITIVE_SECONDS, ...NUMBERS, ...NAMES, ...TEXTS }),
  ...OTHERS,
];

const CARRIED_OVER: ReadonlySet<string> = new Set(OPTION_NAMES);

/** Whether an option has a meaning here. */
export function isCarriedOver(option: string): boolean {
  return CARRIED_OVER.has(option);
}

type Reader = (value: string) => unknown;

function readerOf(option: string, name: string): readonly [key: Key | undefined, read: Reader] {
  switch (option) {
    case 'python-path':
      return ['pythonPath', (value) => nonEmpty(value.split(':').filter((folder) => folder !== ''))];
    case 'supplementary-groups':
      return ['supplementaryGroups', (value) => value.split(',')];
    case 'display-name':
      return ['displayName', (value) => (value === '%{GROUP}' ? `(wsgi:${name})` : value)];
    case 'listen-backlog':
      return ['listenBacklog', (value) => positive(leadingInteger(value))];
    case 'switch-interval':
      return ['switchIntervalMs', (value) => positive(Number.parseFloat(value) * 1000)];
    default:
  }
  if (option in SECONDS) return [SECONDS[option], (value) => leadingInteger(value) * 1000];
  if (option in POSITIVE_SECONDS)
    return [POSITIVE_SECONDS[option], (value) => positive(leadingInteger(value) * 1000)];
  if (option in NUMBERS)
    return [NUMBERS[option], option.endsWith('memory-limit') ? longNumber : leadingInteger];
  if (option in NAMES) return [NAMES[option], (value) => value];
  return [TEXTS[option], (value) => Buffer.from(value, 'latin1').toString('utf8')];
}

/** As mod_wsgi reads it; what has 64 bits is more than any memory. */
function longNumber(text: string): number {
  return Math.min(leadingLong(text), Number.MAX_SAFE_INTEGER);
}

function positive(value: number): number | undefined {
  return value > 0 ? value : undefined;
}

function nonEmpty<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined;
}
