/** A real process under test: its lines as events, its end as a promise, and a stop that leaves nothing behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type RealProcess = {
  readonly pid: number;
  readonly child: ChildProcess;
  readonly exited: Promise<Exit>;
  /** Standard output and standard error, line by line, in the order received. */
  readonly lines: readonly string[];
  /** Only standard output, whole. */
  output(): string;
  /**
   * The first line, already seen (from number `from` on) or still to come, that satisfies; rejects when the process ends
   * before it.
   */
  waitForLine(satisfies: (line: string) => boolean, what?: string, from?: number): Promise<string>;
  /** Asks with a signal, waits for the end, then kills what is left of its process group. */
  stop(signal?: NodeJS.Signals): Promise<Exit>;
  /** Kills its process group at once. */
  kill(): Promise<Exit>;
};

export type StartOptions = {
  readonly environment?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** What the process reads; its standard input is at its end at once when there is none. */
  readonly input?: string | Buffer;
};

export function startProcess(
  command: string,
  args: readonly string[],
  { environment, cwd, input }: StartOptions = {},
): RealProcess {
  // A test process that is killed runs no clean-up: setpriv has the kernel end what it started (PR_SET_PDEATHSIG).
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', command, ...args], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(environment === undefined ? {} : { env: environment }),
    ...(cwd === undefined ? {} : { cwd }),
  });
  const transcript = makeTranscript(command);
  const output: string[] = [];
  collect(child.stdout, (line) => {
    output.push(line);
    transcript.add(line);
  });
  collect(child.stderr, transcript.add);
  child.stdin.on('error', () => {}).end(input);
  const exited = new Promise<Exit>((resolve) => {
    child.once('error', (error) => transcript.add(String(error)));
    child.once('close', (code, signal) => {
      transcript.end();
      resolve({ code, signal });
    });
  });
  const kill = (): Promise<Exit> => {
    killGroup(child.pid);
    return exited;
  };
  return {
    pid: child.pid ?? 0,
    child,
    exited,
    lines: transcript.lines,
    output: () => output.map((line) => `${line}\n`).join(''),
    waitForLine: transcript.waitForLine,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      await exited;
      return kill();
    },
    kill,
  };
}

type Transcript = Pick<RealProcess, 'lines' | 'waitForLine'> & { add(line: string): void; end(): void };

/** The lines of a process, and who waits for one. */
function makeTranscript(command: string): Transcript {
  const lines: string[] = [];
  const watchers = new Set<() => void>();
  let hasEnded = false;
  const announce = (): void => {
    for (const watcher of watchers) watcher();
  };
  return {
    lines,
    add: (line) => {
      lines.push(line);
      announce();
    },
    end: () => {
      hasEnded = true;
      announce();
    },
    waitForLine: (satisfies, what = 'the expected line', from = 0) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const line = lines.slice(from).find(satisfies);
          if (line === undefined && !hasEnded) return;
          watchers.delete(look);
          if (line !== undefined) resolve(line);
          else reject(new Error(`${command} ended before ${what}:\n${lines.join('\n')}`));
        };
        watchers.add(look);
        look();
      }),
  };
}

/** A command run to its end: for command lines and clients. */
export type Finished = Exit & { readonly stdout: string; readonly all: string };

export async function runProcess(
  command: string,
  args: readonly string[],
  options: StartOptions = {},
): Promise<Finished> {
  const running = startProcess(command, args, options);
  const exit = await running.exited;
  return { ...exit, stdout: running.output(), all: running.lines.join('\n') };
}

/** As `runProcess`, for steps that a test builds on: an exit code other than 0 is an error with the output. */
export async function mustRun(
  command: string,
  args: readonly string[],
  options: StartOptions = {},
): Promise<Finished> {
  const finished = await runProcess(command, args, options);
  if (finished.code !== 0) {
    throw new Error(`"${command} ${args.join(' ')}" ended with ${finished.code}:\n${finished.all}`);
  }
  return finished;
}

function collect(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', take);
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing of the group is left: that is what was wanted.
  }
}
