import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fromBytes } from '../apache/bytes.ts';
import { Guard } from '../groups/guard.ts';
import { interpreterOf } from '../groups/interpreter.ts';
import { spawnLauncher } from '../groups/launcher.ts';
import { readLines } from '../groups/lines.ts';
import type { GroupPlan } from '../groups/plan.ts';
import { renderStartOrder } from '../groups/start-order.ts';
import { signalGroup } from '../groups/terminate.ts';
import { packageRoot } from '../package-root.ts';
import type { WantedScript } from './preflight-plan.ts';

export type ScriptFailure = { readonly message: string; readonly traceback: string };

/** What importing one script did. */
export type ScriptReport = {
  readonly script: string;
  readonly seconds: number;
  /** Growth of the process's resident memory. */
  readonly memoryBytes: number;
  readonly failure: ScriptFailure | null;
  readonly deprecations: readonly {
    readonly category: string;
    readonly message: string;
    readonly file: string;
    readonly line: number;
  }[];
  /** What it changed for everybody in its process. */
  readonly changes: readonly { readonly kind: string; readonly detail: string }[];
};

export type PreflightRun = {
  readonly plan: GroupPlan;
  readonly scripts: readonly WantedScript[];
  /** For each script. */
  readonly timeoutMs: number;
  /** Ends the process when this one ends first, by Ctrl-C in the middle of an import. */
  readonly guard: Guard | undefined;
  readonly onScript: (report: ScriptReport) => void;
};

/** The longest message: a traceback, and what a script changed. */
const LONGEST = 4 * 1024 * 1024;
const LAST_LINES = 5;
const PYTHON_FOLDER = join(packageRoot(), 'src', 'python');

/** The process that ends all others should this one end first; without an interpreter there will be none to end. */
export async function startGuard([first]: readonly GroupPlan[]): Promise<Guard | undefined> {
  if (first === undefined) return undefined;
  const silent = (): void => undefined;
  const log = { debug: silent, info: silent, warn: silent, error: silent };
  return Guard.start({ python: interpreterOf(first), pythonFolder: PYTHON_FOLDER, log }).catch(
    () => undefined,
  );
}

/** Why not every script was looked at; undefined when all were. Never throws. */
export function runPreflight(run: PreflightRun): Promise<string | undefined> {
  const { plan, scripts, timeoutMs, guard, onScript } = run;
  const child = spawnLauncher(plan, PYTHON_FOLDER);
  if (child.pid !== undefined) guard?.register(child.pid);
  return new Promise((resolve) => {
    let told = 0;
    let problem: string | undefined;
    const output: string[] = [];
    const end = (message: string | undefined): void => {
      clearTimeout(timer);
      if (child.pid !== undefined) {
        signalGroup(child.pid, 'SIGKILL');
        guard?.unregister(child.pid);
      }
      resolve(message);
    };
    const late = (): void =>
      end(
        `"${fromBytes(scripts[told]?.script ?? '')}" was not imported after ${timeoutMs / 1000} s: raise --timeout`,
      );
    let timer = setTimeout(late, timeoutMs);
    const take = (line: string): void => {
      const message = JSON.parse(line) as { readonly event: string; readonly message?: string };
      if (message.event === 'boot-failed') problem = message.message;
      if (message.event !== 'preflight') return;
      clearTimeout(timer);
      timer = setTimeout(late, timeoutMs);
      told += 1;
      const report = message as unknown as ScriptReport;
      onScript({ ...report, script: fromBytes(report.script) });
    };
    readLines(child.stdio[3] as Readable, take, LONGEST);
    for (const stream of [child.stdout, child.stderr])
      if (stream !== null)
        readLines(stream, (line) => {
          output.push(line);
          if (output.length > LAST_LINES) output.shift();
        });
    child.once('error', (error) => end(`Cannot run Python "${interpreterOf(plan)}": ${error.message}`));
    child.once('close', (code, signal) => {
      if (told >= scripts.length) end(undefined);
      else end(problem ?? `The process ended by ${signal ?? `status ${code}`}: ${output.join(' | ')}`);
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.write(`${orderOf(plan, scripts)}\n`);
  });
}

function orderOf(plan: GroupPlan, imports: readonly WantedScript[]): string {
  const order = JSON.parse(renderStartOrder({ plan, socketPath: '', imports: [] })) as object;
  // "listens" keeps the launcher from binding a socket of its own.
  const text = JSON.stringify({ ...order, imports, runner: 'preflight', listens: 'socket' });
  return text.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
