/** The guard process of a sidecar: it kills every process group on its list when the sidecar is gone (`guard.py`). */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { problemOf, SidecarError } from '../errors.ts';
import { bareEnvironment } from './environment.ts';
import type { GroupLog } from './observer.ts';

/** What a guard needs. */
export type GuardOptions = {
  /** The interpreter: any Python will do, the standard library's `os` and `signal` are enough. */
  readonly python: string;
  readonly pythonFolder: string;
  readonly log: GroupLog;
};

/**
 * The list of process groups and the process that holds it. Lives as long as the sidecar; a guard that dies is
 * replaced and told the whole list.
 */
export class Guard {
  readonly #options: GuardOptions;
  readonly #processGroups = new Set<number>();
  #child: ChildProcess | undefined;
  #stopped = false;

  private constructor(options: GuardOptions) {
    this.#options = options;
  }

  /** A guard that watches: it has said so itself. */
  static async start(options: GuardOptions): Promise<Guard> {
    const guard = new Guard(options);
    await guard.#launch();
    return guard;
  }

  /** Pid of the guard process. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** The write is made before this returns, as far as the pipe takes it: nothing is lost between fork and registration. */
  register(processGroup: number): void {
    this.#processGroups.add(processGroup);
    this.#tell(`+${processGroup}\n`);
  }

  unregister(processGroup: number): void {
    this.#processGroups.delete(processGroup);
    this.#tell(`-${processGroup}\n`);
  }

  /** Lets the guard go, which kills what is still on its list. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.stdin?.end();
    await exited;
  }

  async #launch(): Promise<void> {
    const child = spawnGuard(this.#options);
    this.#child = child;
    for (const processGroup of this.#processGroups) this.#tell(`+${processGroup}\n`);
    await hasStarted(child, this.#options.python);
    child.once('exit', () => this.#relaunch());
  }

  #relaunch(): void {
    if (this.#stopped) return;
    const { log } = this.#options;
    log.error({ processGroups: this.#processGroups.size }, 'Guard process ended: starting another one');
    this.#launch().catch((err: unknown) => {
      log.error(
        { err },
        'Cannot start a guard process: if the sidecar is killed now, its group processes may stay',
      );
    });
  }

  #tell(line: string): void {
    const stdin: Writable | null | undefined = this.#child?.stdin;
    if (stdin?.writable) stdin.write(line);
  }
}

function spawnGuard({ python, pythonFolder }: GuardOptions): ChildProcess {
  // -S and -E: the guard wants no site packages and no PYTHON… variables; detached is a session of its own.
  const child = spawn(python, ['-E', '-S', join(pythonFolder, 'guard.py')], {
    cwd: '/',
    env: bareEnvironment(process.env),
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin?.on('error', () => undefined);
  return child;
}

async function hasStarted(child: ChildProcess, python: string): Promise<void> {
  const started = await new Promise<Error | string | undefined>((resolve) => {
    child.once('error', resolve);
    child.once('exit', (code, signal) => resolve(`it ended with ${signal ?? code}`));
    child.stdout?.once('data', () => resolve(undefined));
  });
  if (started === undefined) return;
  const problem = typeof started === 'string' ? started : problemOf(started);
  const message = `Cannot start the guard process with Python "${python}": ${problem}: set "python" to a Python 2.7 or 3.6 or later`;
  throw new SidecarError(
    'ERR_GROUP_START_FAILED',
    message,
    typeof started === 'string' ? {} : { cause: started },
  );
}
