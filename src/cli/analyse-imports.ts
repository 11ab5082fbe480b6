/**
 * Runs `import_analyser.py` under the interpreters of scripts: as their user where the sidecar is root, with their
 * environment, a limit of time, and the program on stdin, because that user need not be able to read this package.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { InterpreterFailure, ScriptAnalysis } from '../audit/analysis.ts';
import { packageRoot } from '../package-root.ts';

/** Scripts that one interpreter runs under the same conditions. Scripts, folders: byte strings; the rest is text. */
export type AnalysisJob = {
  readonly python: string;
  readonly pythonPath: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  /** As whom; undefined: as this process. */
  readonly user: { readonly name: string; readonly uid: number; readonly gid: number } | undefined;
  readonly scripts: readonly string[];
};

export type AnalysisResult =
  | { readonly scripts: readonly ScriptAnalysis[] }
  | { readonly failure: InterpreterFailure };

/** How long the analyser goes on finding things out: for a run, and more for each of its scripts; then it is ended. */
const SECONDS = 60;
const SECONDS_PER_SCRIPT = 0.1;
const GRACE_MS = 15_000;
/** Interpreters at once. */
const CONCURRENCY = 2;
/** Characters of an answer, beyond which something is wrong. */
const MAX_ANSWER = 256 * 1024 * 1024;

const MODULES = [
  'wsgi_clock',
  'import_paths',
  'import_values',
  'import_writes',
  'import_reader',
  'import_analyser',
];

/** Takes the program from the first line of stdin and starts it. */
const BOOT = `import sys, json, types
order = json.loads(sys.stdin.readline())
for name, text in order['program']:
    module = types.ModuleType(str(name))
    sys.modules[str(name)] = module
    exec(compile(text, str(name) + '.py', 'exec'), module.__dict__)
sys.modules['import_analyser'].main(order)
`;

/** The results in the order of the jobs; never throws. */
export async function analyseImports(
  jobs: readonly AnalysisJob[],
  progress: (done: number) => void,
): Promise<readonly AnalysisResult[]> {
  const program = MODULES.map((name) => [
    name,
    readFileSync(join(packageRoot(), 'src', 'python', `${name}.py`), 'utf8'),
  ]);
  const results: AnalysisResult[] = [];
  const waiting = [...jobs.entries()];
  let done = 0;
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, job] = next;
      results[index] = await analyse(job, program);
      done += 1;
      progress(done);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return results;
}

async function analyse(job: AnalysisJob, program: unknown): Promise<AnalysisResult> {
  const { python, pythonPath, cwd, scripts } = job;
  const order = JSON.stringify({ program, scripts, pythonPath, cwd, seconds: secondsFor(job) }).replace(
    /[\u0080-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const ended = await runPython(job, `${order}\n`);
  if (ended.code === 0) {
    try {
      return JSON.parse(ended.output) as { scripts: readonly ScriptAnalysis[] };
    } catch {
      return { failure: failureOf(job, 'its answer cannot be read') };
    }
  }
  if (ended.code === 'ENOENT') {
    const message = `Python "${python}" does not exist`;
    return {
      failure: { python, message, advice: 'Install it, or name another one by "python" in the settings' },
    };
  }
  return { failure: failureOf(job, ended.why) };
}

function secondsFor({ scripts }: AnalysisJob): number {
  return SECONDS + SECONDS_PER_SCRIPT * scripts.length;
}

function failureOf({ python, user }: AnalysisJob, why: string): InterpreterFailure {
  const who = user === undefined ? '' : ` by user "${user.name}"`;
  return {
    python,
    message: `Python "${python}" cannot be run${who}: ${why}`,
    advice:
      'Name an interpreter that this user may run, such as /usr/bin/python3, by "python" in the settings; wanted is CPython 2.7, or 3.6 or later',
  };
}

type Ended = { readonly code: number | string; readonly output: string; readonly why: string };

function runPython(job: AnalysisJob, input: string): Promise<Ended> {
  const [program, words, ids] = commandOf(job);
  return new Promise((resolve) => {
    const child = spawn(program, words, { cwd: '/', env: { ...job.environment }, stdio: 'pipe', ...ids });
    let output = '';
    let complaint = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), secondsFor(job) * 1000 + GRACE_MS);
    child.stdout.setEncoding('latin1').on('data', (text: string) => {
      output += text;
      if (output.length > MAX_ANSWER) child.kill('SIGKILL');
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-4096);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      resolve({ code: error.code ?? 'error', output, why: error.code ?? error.message });
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const last = complaint.trim().split('\n').at(-1) || `it ended with ${code ?? signal}`;
      resolve({
        code: code ?? signal ?? 'error',
        output,
        why: signal === 'SIGKILL' ? 'it took too long' : last,
      });
    });
    // An interpreter that is gone says so by its end.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

type Command = readonly [string, readonly string[], { readonly uid?: number; readonly gid?: number }];

/** `-B`: nothing is written beside the scripts. `setpriv` sets the further groups of the user too, as Apache does. */
function commandOf({ python, user }: AnalysisJob): Command {
  const words = ['-B', '-c', BOOT];
  if (user === undefined) return [python, words, {}];
  const { uid, gid } = user;
  const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));
  if (setpriv === undefined) return [python, words, { uid, gid }];
  return [setpriv, [`--reuid=${uid}`, `--regid=${gid}`, '--init-groups', '--', python, ...words], {}];
}
