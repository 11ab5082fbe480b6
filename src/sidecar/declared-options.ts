/** The options of each `WSGIDaemonProcess`, judged: what mod_wsgi would refuse, and what has no meaning here. Byte strings. */
import type { Diagnostic } from '../apache/diagnostic.ts';
import { isCarriedOver, OPTION_NAMES } from '../groups/daemon-options.ts';
import { nearest } from '../nearest.ts';
import { NOT_CARRIED } from '../settings/not-carried.ts';
import type { ProcessGroup } from '../site/model.ts';
import { misreading, problemOf } from './option-kinds.ts';

/** Those whose absence an application may feel. */
const FELT: ReadonlySet<string> = new Set([
  'newrelicConfigFile',
  'newrelicEnvironment',
  'interpreterOptions',
]);

/** All findings, group by group in the order of the file. */
export function judgeOptions(groups: Iterable<ProcessGroup>): readonly Diagnostic[] {
  return [...groups].flatMap((group) => [
    ...(group.overruled ?? []).map(([option, value]) => judgeOverruled(group, option, value)),
    ...[...group.options].flatMap(([option, value]) => judgeOption(group, option, value) ?? []),
    ...judgePair(group),
  ]);
}

function judgeOption(group: ProcessGroup, option: string, value: string): Diagnostic | undefined {
  const key = camelCase(option);
  const why = NOT_CARRIED[key];
  if (why === undefined && !isCarriedOver(option)) return unknown(group, option);
  const wrong = invalid(group, option, value);
  if (wrong !== undefined) return wrong;
  if (why === undefined) return misread(group, option, value);
  return {
    ...finding(group),
    severity: FELT.has(key) ? 'warning' : 'info',
    id: 'process-option-not-kept',
    message: `Option "${option}" of process group "${group.name}" has no effect here`,
    advice: `Not carried over: ${why}`,
  };
}

/** mod_wsgi judges every value where it stands, and goes by the last one. */
function judgeOverruled(group: ProcessGroup, option: string, value: string): Diagnostic {
  const counts = group.options.get(option);
  const message = `Option "${option}" of process group "${group.name}" is "${value}", and "${counts}" behind it, which counts`;
  const advice = 'Remove one of the two';
  const repeated = { severity: 'warning', id: 'process-option-repeated', message, advice } as const;
  return invalid(group, option, value) ?? { ...finding(group), ...repeated };
}

function invalid(group: ProcessGroup, option: string, value: string): Diagnostic | undefined {
  const advice = problemOf(option, value);
  if (advice === undefined) return undefined;
  const message = `Option "${option}" of process group "${group.name}" is "${value}": mod_wsgi would not start`;
  return { ...finding(group), severity: 'error', id: 'process-option-invalid', message, advice };
}

/** What atoi(3) cuts off would be lost unseen: "5m" is 5. */
function misread(group: ProcessGroup, option: string, value: string): Diagnostic | undefined {
  const read = misreading(option, value);
  if (read === undefined) return undefined;
  const message = `Option "${option}" of process group "${group.name}" is "${value}", of which mod_wsgi reads ${read.number}`;
  const advice = `Write the number ${read.unit}`;
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

function finding({ position }: ProcessGroup): Pick<Diagnostic, 'position' | 'directive'> {
  return { position, directive: 'WSGIDaemonProcess' };
}

function camelCase(option: string): string {
  return option.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
