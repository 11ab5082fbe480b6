/** The kinds of values that options of `WSGIDaemonProcess` have (mod_wsgi `wsgi_add_daemon_process()`), and what is wrong with one. Byte strings. */
import { isWholeInteger, leadingInteger, leadingLong } from '../c-integer.ts';

type Kind =
  /** Read by atoi(3), or of 64 bits; `unit` says how to write one right. */
  | {
      readonly kind: 'number';
      readonly least: number;
      readonly most?: number;
      readonly unit: Unit;
      /** Where 0 is the system's own number, it may stand too. */
      readonly orZero?: boolean;
      readonly isLong?: boolean;
    }
  | { readonly kind: 'folder' | 'umask' | 'user' | 'flag' | 'interval' }
  /** Any text, and any but the empty one. */
  | { readonly kind: 'text' | 'name' };

type Unit = 'in bytes, without a unit' | 'in seconds, without a unit' | 'in digits';

const seconds: Kind = { kind: 'number', least: 0, unit: 'in seconds, without a unit' };
const count: Kind = { kind: 'number', least: 0, unit: 'in digits' };
const memory: Kind = { kind: 'number', least: 0, unit: 'in bytes, without a unit', isLong: true };
const buffer = (least: number): Kind => ({
  kind: 'number',
  least,
  unit: 'in bytes, without a unit',
  orZero: true,
});
const name: Kind = { kind: 'name' };
const text: Kind = { kind: 'text' };
const folder: Kind = { kind: 'folder' };

/** By option; the others are only known not to be empty. */
const KINDS: Readonly<Record<string, Kind>> = {
  processes: { ...count, least: 1 },
  threads: { ...count, most: 65_533 },
  'maximum-requests': count,
  'listen-backlog': count,
  'cpu-priority': { ...count, least: -Infinity },
  'stack-size': { kind: 'number', least: 1, unit: 'in bytes, without a unit' },
  'send-buffer-size': buffer(512),
  'receive-buffer-size': buffer(512),
  'header-buffer-size': buffer(8_192),
  'response-buffer-size': buffer(65_536),
  'memory-limit': memory,
  'virtual-memory-limit': memory,
  'cpu-time-limit': seconds,
  'restart-interval': seconds,
  'startup-timeout': seconds,
  'shutdown-timeout': seconds,
  'deadlock-timeout': seconds,
  'inactivity-timeout': seconds,
  'request-timeout': seconds,
  'interrupt-timeout': seconds,
  'graceful-timeout': seconds,
  'eviction-timeout': seconds,
  'connect-timeout': seconds,
  'socket-timeout': seconds,
  'response-socket-timeout': seconds,
  'queue-timeout': seconds,
  'response-flush-delay': count,
  'switch-interval': { kind: 'interval' },
  'server-metrics': { kind: 'flag' },
  umask: { kind: 'umask' },
  user: { kind: 'user' },
  home: folder,
  chroot: folder,
  lang: text,
  locale: text,
  'display-name': text,
  'supplementary-groups': text,
  'python-home': text,
  'python-path': text,
  'python-eggs': text,
  'newrelic-config-file': text,
  'newrelic-environment': text,
};

/** What was wanted of a value that mod_wsgi refuses; undefined where it takes it. */
export function problemOf(option: string, value: string): string | undefined {
  const kind = KINDS[option] ?? name;
  switch (kind.kind) {
    case 'text':
      return undefined;
    case 'folder':
      return value.startsWith('/') ? undefined : 'Wanted an absolute path';
    case 'name':
      return value === '' ? EMPTY : undefined;
    case 'user':
      if (value === '') return EMPTY;
      return /^(?:root|#0+)$/.test(value) ? 'Name another user: applications do not run as root' : undefined;
    case 'umask':
      return /^\+?[0-7]{1,21}$/.test(value) ? undefined : 'Wanted an octal number, such as 0022';
    case 'flag':
      return /^(?:on|off)$/i.test(value) ? undefined : 'Wanted On or Off';
    case 'interval':
      return Number(value) > 0 ? undefined : 'Wanted a number of seconds, such as 0.005';
    case 'number':
      return value === '' ? EMPTY : numberProblem(kind, value);
    default:
      return kind satisfies never;
  }
}

const EMPTY = 'Give it a value, or remove it';

type NumberKind = Extract<Kind, { kind: 'number' }>;

function numberProblem(kind: NumberKind, value: string): string | undefined {
  const number = numberOf(kind, value);
  if (number > (kind.most ?? Infinity)) return `Wanted a whole number of at most ${kind.most}`;
  const isSystems = kind.orZero === true && number === 0;
  return number >= kind.least || isSystems ? undefined : `Wanted a whole number of at least ${kind.least}`;
}

function numberOf({ isLong }: NumberKind, value: string): number {
  return isLong === true ? leadingLong(value) : leadingInteger(value);
}

/** What mod_wsgi reads of a number that looks otherwise, and how to write it; undefined where nothing is lost. */
export function misreading(
  option: string,
  value: string,
): { readonly number: number; readonly unit: Unit } | undefined {
  const kind = KINDS[option];
  if (kind?.kind !== 'number') return undefined;
  const number = numberOf(kind, value);
  return isWholeInteger(value, number) ? undefined : { number, unit: kind.unit };
}
