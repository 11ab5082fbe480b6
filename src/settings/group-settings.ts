/**
 * What `groups:` may say of one group: the options of `WSGIDaemonProcess` (MODWSGI's names in camelCase) and the sidecar's
 * own, by the form their values have. The keys are the one list of them: schema, types and plans are made from it.
 */
import * as v from 'valibot';
import { BYTE_COUNT_FORM, parseByteCount } from './byte-count.ts';
import { DURATION_FORM, parseDurationMs } from './duration.ts';
import { parseOrigins } from './forms.ts';
import { flag, oneOf, parsed, section, text, texts, wholeNumber } from './schema-parts.ts';

/** Durations, in milliseconds once read; 0 is no limit where there may be none. */
export const DURATION_KEYS = [
  'startTimeout',
  'startupTimeout',
  'drainTimeout',
  'gracefulTimeout',
  'evictionTimeout',
  'shutdownTimeout',
  'inactivityTimeout',
  'requestTimeout',
  'interruptTimeout',
  'deadlockTimeout',
  'frozenTimeout',
  'restartInterval',
  'queueTimeout',
  'connectTimeout',
  'socketTimeout',
  'responseSocketTimeout',
  'scaleUpAfter',
  'scaleDownAfter',
  'cpuTimeLimit',
  'switchInterval',
  'healthInterval',
  'healthTimeout',
  'webSocketTimeout',
] as const;

/** Numbers of bytes; 0 is no limit, or what the system has. */
export const BYTE_KEYS = [
  'maxMemory',
  'memoryLimit',
  'virtualMemoryLimit',
  'stackSize',
  'sendBufferSize',
  'receiveBufferSize',
] as const;

/** Whole numbers, with the least that makes sense. */
const COUNTS = {
  processes: 1,
  minProcesses: 1,
  threads: 1,
  maximumRequests: 0,
  maximumRequestsJitter: 0,
  queueLength: 0,
  healthThreshold: 1,
  webSockets: 0,
  listenBacklog: 1,
  cpuPriority: -20,
} as const;

const TEXT_KEYS = [
  'healthPath',
  'python',
  'pythonHome',
  'pythonEggs',
  'user',
  'group',
  'home',
  'chroot',
  'lang',
  'locale',
  'displayName',
  'scriptUser',
  'scriptGroup',
] as const;

const LISTS = {
  pythonPath: 'wanted a list of folders',
  supplementaryGroups: 'wanted a list of groups',
  imports: 'wanted a list of scripts',
} as const;

const CHOICES = {
  runner: ['builtin', 'gunicorn', 'gunicorn-sync', 'uwsgi', 'waitress'],
} as const;

const FLAG_KEYS = ['trustClose', 'allowRoot', 'scriptReloading', 'preload'] as const;

/** A setting that is a duration. */
export type DurationKey = (typeof DURATION_KEYS)[number];

/** A setting that is a number of bytes. */
export type ByteKey = (typeof BYTE_KEYS)[number];

/** Settings of one group; absent ones are taken from `WSGIDaemonProcess`, then from `groups.defaults`. */
export type GroupSettings = {
  readonly [K in DurationKey | ByteKey | keyof typeof COUNTS]?: number;
} & {
  readonly [K in (typeof TEXT_KEYS)[number]]?: string;
} & {
  readonly [K in keyof typeof LISTS]?: readonly string[];
} & {
  readonly [K in (typeof FLAG_KEYS)[number]]?: boolean;
} & {
  readonly [K in keyof typeof CHOICES]?: (typeof CHOICES)[K][number];
} & {
  readonly command?: readonly string[];
  readonly url?: readonly string[];
  readonly umask?: string;
  readonly environment?: Readonly<Record<string, string>>;
};

const LISTENING = 'wanted a list of words, with "{fd}", "{socket}" or "{port}" in one of them';
const command = v.pipe(
  texts(LISTENING),
  v.check((words) => /\{(?:fd|socket|port)\}/.test(words.join(' ')), LISTENING),
);

const ORIGINS =
  'wanted http://HOST:PORT, or a list of such; in front of a server that speaks TLS alone, put a proxy that does too';
const urls = parsed(parseOrigins, ORIGINS.replace('wanted ', ''));

/** Each names what serves a group, so a group has one of them. */
export const RUNNER_KEYS = ['runner', 'command', 'url'] as const;

/** The mapping of one group. */
export const groupSettings: v.GenericSchema<unknown, GroupSettings> = section(
  v.pipe(
    v.strictObject({
      ...each(Object.keys(COUNTS), (key) => wholeNumber(COUNTS[key as keyof typeof COUNTS])),
      ...each(TEXT_KEYS, () => text),
      ...each(Object.keys(LISTS), (key) => texts(LISTS[key as keyof typeof LISTS])),
      command: v.optional(command),
      url: v.optional(urls),
      ...each(DURATION_KEYS, () => parsed(parseDurationMs, DURATION_FORM)),
      ...each(BYTE_KEYS, () => parsed(parseByteCount, BYTE_COUNT_FORM)),
      ...each(FLAG_KEYS, () => flag),
      ...each(Object.keys(CHOICES), (key) => oneOf(CHOICES[key as keyof typeof CHOICES])),
      umask: v.optional(
        v.pipe(text, v.regex(/^0?[0-7]{1,3}$/, 'wanted an octal number in quotes, such as "0022"')),
      ),
      environment: v.optional(section(v.record(v.string(), v.string('wanted a text')))),
    }),
    v.check(namesOneRunner, `wanted one of ${RUNNER_KEYS.join(', ')}`),
  ) as unknown as v.GenericSchema<unknown, GroupSettings>,
);

function each(
  keys: readonly string[],
  schemaOf: (key: string) => v.GenericSchema,
): Record<string, v.OptionalSchema<v.GenericSchema, undefined>> {
  return Object.fromEntries(keys.map((key) => [key, v.optional(schemaOf(key))]));
}

function namesOneRunner(settings: object): boolean {
  return RUNNER_KEYS.filter((key) => key in settings).length <= 1;
}
