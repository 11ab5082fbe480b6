/** When a start is over: the worker says ready | it says what failed | the child ends | time is up. */

import type { ChildProcess } from 'node:child_process';
import { problemOf } from '../errors.ts';
import { timerMs } from '../timer-ms.ts';
import type { ControlMessage } from './control.ts';
import { interpreterOf } from './interpreter.ts';
import type { Journey } from './journey.ts';
import type { StartFailure, StartResult } from './managed-process.ts';
import type { GroupPlan } from './plan.ts';
import { signalGroup } from './terminate.ts';

/** Where the messages that decide a start are told. */
export type MessageTap = {
  /** Why it is not ready yet, where that is known, as half a sentence. */
  problem?: string;
  onDecisive: (message: Extract<ControlMessage, { event: 'ready' | 'boot-failed' }>) => void;
};

/** A start under way. */
export type StartWatch = {
  readonly child: ChildProcess;
  readonly plan: GroupPlan;
  readonly messages: MessageTap;
  readonly journey: Journey;
};

/** How long the last lines of an ended child may take; a descendant may hold the pipes open for ever. */
const LAST_OUTPUT_MS = 250;

/** A race of named causes; the first one decides. A child that is late is ended. */
export function waitUntilReady(watch: StartWatch): Promise<StartResult> {
  const { child, plan, messages, journey } = watch;
  return new Promise((resolve) => {
    // What the launcher itself says explains more than the status with which it then ends.
    let told: Omit<StartFailure, 'journey'> | undefined;
    const fail = (failure: Omit<StartFailure, 'journey'>): void => {
      clearTimeout(timer);
      resolve({ kind: 'failed', failure: { ...failure, journey: journey.report() } });
    };
    const timer = setTimeout(() => {
      if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
      fail(lateFailure(plan, journey, messages.problem));
    }, timerMs(plan.startTimeoutMs));
    messages.onDecisive = (message) => {
      if (message.event === 'ready') {
        clearTimeout(timer);
        journey.enter('ready');
        const { python, imported, failed } = message;
        const report = { startMs: journey.elapsedMs(), journey: journey.report() };
        resolve({ kind: 'ready', python, imported, failed, ...report });
        return;
      }
      const { step, message: problem, traceback } = message;
      told = { step, message: problem, traceback };
    };
    child.once('error', (error) => fail(spawnFailure(plan, error)));
    child.once('exit', (code, signal) => {
      afterLastOutput(child, () => fail(told ?? exitFailure(journey, code, signal)));
    });
  });
}

function lateFailure(
  plan: GroupPlan,
  journey: Journey,
  problem: string | undefined,
): Omit<StartFailure, 'journey'> {
  const seconds = plan.startTimeoutMs / 1000;
  const why = problem === undefined ? '' : ` (${problem})`;
  return {
    step: 'start-timeout',
    message: `Not ready after ${seconds} s, in step "${journey.currentStep()}"${why}: raise "startTimeout" or look at what its imports wait for`,
  };
}

/** What else than the interpreter may be wrong, by the code of the system. */
const SPAWN_ADVICE: Readonly<Record<string, string>> = {
  EMFILE: 'raise the sidecar\'s limit of descriptors ("ulimit -n", LimitNOFILE= of the unit)',
  ENFILE: 'raise the machine\'s limit of open files ("sysctl fs.file-max")',
  EAGAIN: 'raise the limit of processes ("ulimit -u", TasksMax= of the unit)',
};

function spawnFailure(plan: GroupPlan, error: Error): Omit<StartFailure, 'journey'> {
  const python = interpreterOf(plan);
  const code = String('code' in error ? error.code : '');
  const problem = code === 'ENOENT' ? 'there is no such program' : problemOf(error);
  const advice = SPAWN_ADVICE[code] ?? 'set "python" of the group, or install it';
  return { step: 'spawn', message: `Cannot run Python "${python}": ${problem}: ${advice}` };
}

function exitFailure(
  journey: Journey,
  code: number | null,
  signal: NodeJS.Signals | null,
): Omit<StartFailure, 'journey'> {
  const how = signal === null ? `with status ${code}` : `by ${signal}`;
  const last = journey.report().output.at(-1);
  const said = last === undefined ? 'without a word' : `its last words: "${last}"`;
  return {
    step: journey.currentStep(),
    message: `Ended ${how} in step "${journey.currentStep()}" before it was ready, ${said}`,
  };
}

/** Calls back when the child's pipes are read to their end, or after a short while. */
function afterLastOutput(child: ChildProcess, callback: () => void): void {
  const timer = setTimeout(callback, LAST_OUTPUT_MS);
  child.once('close', () => {
    clearTimeout(timer);
    callback();
  });
}
