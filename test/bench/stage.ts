/**
 * A temporary folder and the processes that work in it. Whatever was started here, with all that it started itself,
 * is gone when the stage has closed; nothing else on the machine is touched.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { descendantsOf, isAlive, type ProcessIdentity } from './process-tree.ts';

export type Command = {
  /** What the log file is named after. */
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly cores: string;
  readonly environment?: Readonly<Record<string, string>>;
};

/** Time that SIGTERM has before SIGKILL. */
const graceMs = 5000;

/** Owner of the folder and the processes. `close` may be called at any time and more than once. */
export class Stage {
  readonly folder: string;
  readonly #children: ChildProcess[] = [];
  #closing: Promise<void> | undefined;

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'sidecar-bench-'));
    // Apache's children run as another user and must reach sockets and applications in here.
    chmodSync(this.folder, 0o755);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Writes a file below the folder and returns its path. */
  write(name: string, text: string): string {
    const path = this.path(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  /** Starts a process that stays until the stage closes; its output goes to `NAME.log`. */
  start(order: Command): ChildProcess {
    const log = openSync(this.logPath(order.name), 'a');
    const child = this.#spawn(order, ['ignore', log, log]);
    closeSync(log);
    return child;
  }

  /** Starts a process whose output is read. */
  pipe(order: Command): ChildProcess {
    return this.#spawn(order, ['ignore', 'pipe', 'pipe']);
  }

  logPath(name: string): string {
    return this.path(`${name.replaceAll(/[^\w.-]+/g, '-')}.log`);
  }

  /** Pids of the processes that were started here and still run. */
  pids(): readonly number[] {
    const running = this.#children.filter((child) => child.exitCode === null && child.signalCode === null);
    return running.flatMap((child) => child.pid ?? []);
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  #spawn(order: Command, stdio: ('ignore' | 'pipe' | number)[]): ChildProcess {
    if (this.#closing !== undefined) throw new Error(`Cannot start ${order.name}: the benchmark is ending`);
    const child = spawn('taskset', ['-c', order.cores, ...order.command], {
      cwd: this.folder,
      detached: true,
      env: { ...process.env, ...order.environment },
      stdio,
    });
    child.on('error', () => undefined);
    this.#children.push(child);
    return child;
  }

  async #end(): Promise<void> {
    const own = this.pids();
    const family = descendantsOf(own);
    signalAll(
      family.filter(({ pid }) => own.includes(pid)),
      'SIGTERM',
    );
    await allGone(family, graceMs);
    signalAll(family, 'SIGKILL');
    await allGone(family, graceMs);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Runs a command to its end and returns its standard output; throws on a status other than 0 or when time is up. */
export async function runToEnd(
  stage: Stage,
  order: Command & { readonly timeoutMs: number },
): Promise<string> {
  const child = stage.pipe(order);
  const output: string[] = [];
  const complaints: string[] = [];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => output.push(text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => complaints.push(text));
  const timer = setTimeout(() => child.kill('SIGKILL'), order.timeoutMs);
  try {
    const [status, signal] = (await once(child, 'close')) as [number | null, string | null];
    if (status === 0) return output.join('');
    const said = complaints.join('').trim() || output.join('').trim();
    throw new Error(`${order.name} ended with ${signal ?? `status ${String(status)}`}: ${said}`);
  } finally {
    clearTimeout(timer);
  }
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No free port on 127.0.0.1');
  return address.port;
}

/** Returns when a Unix socket accepts; throws with the log's last lines when it does not. */
export async function waitForSocket(path: string, logPath: string): Promise<void> {
  for (const end = Date.now() + graceMs; Date.now() < end; await delay(20)) {
    if (await accepts(path)) return;
  }
  throw new Error(`Nothing listens on "${path}":\n${tailOf(logPath)}`);
}

function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => resolve(true));
    socket.on('error', () => resolve(false)).on('connect', () => socket.destroy());
  });
}

/** The last lines of a log file, for an error message. */
export function tailOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim().split('\n').slice(-15).join('\n');
  } catch {
    return '(no output)';
  }
}

function signalAll(processes: readonly ProcessIdentity[], signal: NodeJS.Signals): void {
  for (const identity of processes) {
    if (!isAlive(identity)) continue;
    try {
      process.kill(identity.pid, signal);
    } catch {
      // It ended between the look and the signal.
    }
  }
}

async function allGone(processes: readonly ProcessIdentity[], limitMs: number): Promise<void> {
  const end = Date.now() + limitMs;
  while (Date.now() < end && processes.some(isAlive)) await delay(20);
}
