/** The options of each `WSGIDaemonProcess`, judged: what mod_wsgi would refuse, and what has no meaning here. Byte strings. */
import type { Diagnostic } from '../apache/diagnostic.ts';
import { isCarriedOver, OPTION_NAMES } from '../groups/daemon-options.ts';
import { nearest } from '../nearest.ts';
import { NOT_CARRIED } from '../settings/not-carried.ts';
import type { ProcessGroup } from '../site/model.ts';

/** Those whose absence an application may feel. */
const FELT: ReadonlySet<string> = new Set([
  'newrelicConfigFile',
  'newrelicEnvironment',
  'interpreterOptions',
]);

/** The least that mod_wsgi takes (`wsgi_add_daemon_process()`); where 0 is the system's own number, it may stand too. */
const LEAST: Readonly<Record<string, number>> = {
  processes: 1,
  threads: 0,
  'stack-size': 1,
  'send-buffer-size': 512,
  'receive-buffer-size': 512,
  'header-buffer-size': 8_192,
  'response-buffer-size': 65_536,
};
const FOLDERS: ReadonlySet<string> = new Set(['home', 'chroot']);
const NUMBER = /^(?:maximum-requests|restart-interval|.*-timeout|.*-limit|.*-backlog)$/;
const SIZE = /^(?:.*memory-limit|.*-size)$/;
const TIME = /^(?:.*-timeout|.*-interval|cpu-time-limit)$/;
/** The options that are read by atoi(3). */
const NUMBERS: ReadonlySet<string> = new Set(
  OPTION_NAMES.filter(
    (name) => name in LEAST || NUMBER.test(name) || SIZE.test(name) || name === 'cpu-priority',
  ),
);

/** All findings, group by group in the order of the file. */
export function judgeOptions(groups: Iterable<ProcessGroup>): readonly Diagnostic[] {
  return [...groups].flatMap((group) => [
    ...[...group.options].flatMap(([option, value]) => judgeOption(group, option, value) ?? []),
    ...judgePair(group),
  ]);
}

function judgeOption(group: ProcessGroup, option: string, value: string): Diagnostic | undefined {
  const key = camelCase(option);
  const why = NOT_CARRIED[key];
  if (why === undefined && !isCarriedOver(option)) return unknown(group, option);
  const wrong = problemOf(option, value);
  if (wrong !== undefined) {
    const message = `Option "${option}" of process group "${group.name}" is "${value}": mod_wsgi would not start`;
    return { ...finding(group), severity: 'error', id: 'process-option-invalid', message, advice: wrong };
  }
  if (why === undefined) return misread(group, option, value);
  return {
    ...finding(group),
    severity: FELT.has(key) ? 'warning' : 'info',
    id: 'process-option-not-kept',
    message: `Option "${option}" of process group "${group.name}" has no effect here`,
    advice: `Not carried over: ${why}`,
  };
}

/** What atoi(3) cuts off would be lost unseen: "5m" is 5. */
function misread(group: ProcessGroup, option: string, value: string): Diagnostic | undefined {
  if (!NUMBERS.has(option) || /^\s*[+-]?\d+\s*$/.test(value)) return undefined;
  const number = Number.parseInt(value, 10) || 0;
  const message = `Option "${option}" of process group "${group.name}" is "${value}", of which mod_wsgi reads ${number}`;
  const unit = SIZE.test(option)
    ? 'in bytes, without a unit'
    : TIME.test(option)
      ? 'in seconds, without a unit'
      : 'in digits';
  const advice = `Write the number ${unit}`;
  return { ...finding(group), severity: 'warning', id: 'process-option-misread', message, advice };
}

function unknown(group: ProcessGroup, option: string): Diagnostic {
  const guess = nearest(option, OPTION_NAMES);
  return {
    ...finding(group),
    severity: 'error',
    id: 'process-option-unknown',
    message: `Process group "${group.name}" has an option "${option}" that mod_wsgi does not know: Apache would not start`,
    advice: guess === undefined ? 'Correct or remove it' : `Did you mean "${guess}"?`,
  };
}

function judgePair(group: ProcessGroup): Diagnostic[] {
  if (!group.options.has('script-user') || !group.options.has('script-group')) return [];
  const message = `Process group "${group.name}" has both "script-user" and "script-group": mod_wsgi would not start`;
  const advice = 'Keep one of the two';
  return [{ ...finding(group), severity: 'error', id: 'process-option-invalid', message, advice }];
}

/** What was wanted of a value that mod_wsgi refuses; it reads numbers by atoi(3), the umask by strtol(3) to its end. */
function problemOf(option: string, value: string): string | undefined {
  if (value === '') return 'Give it a value, or remove it';
  if (FOLDERS.has(option)) return value.startsWith('/') ? undefined : 'Wanted an absolute path';
  if (option === 'umask') return /^[0-7]+$/.test(value) ? undefined : 'Wanted an octal number, such as 0022';
  if (option === 'user')
    return isRoot(value) ? 'Name another user: applications do not run as root' : undefined;
  const least = LEAST[option] ?? (NUMBER.test(option) ? 0 : undefined);
  if (least === undefined) return undefined;
  const number = Number.parseInt(value, 10) || 0;
  const isSystems = number === 0 && option.endsWith('-buffer-size');
  return number >= least || isSystems ? undefined : `Wanted a whole number of at least ${least}`;
}

function isRoot(user: string): boolean {
  return user === 'root' || /^#0+$/.test(user);
}

function finding({ position }: ProcessGroup): Pick<Diagnostic, 'position' | 'directive'> {
  return { position, directive: 'WSGIDaemonProcess' };
}

function camelCase(option: string): string {
  return option.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
