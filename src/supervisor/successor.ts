/**
 * The upgrade of a sidecar, seen from the old one: it starts its successor by its own command line, so the program and the
 * configuration that are on disk now, and gives it its listening sockets and the list of its groups. It serves on until the
 * successor says that it serves; when that does not come, nothing has changed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  FIRST_INHERITED_DESCRIPTOR,
  type Inheritance,
  type InheritanceMessage,
  PREDECESSOR_VARIABLE,
  type SuccessorMessage,
} from './inheritance.ts';

/** How the successor is started. */
export type SuccessorOptions = {
  /** Program and arguments: Node, and the command line of this sidecar. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Milliseconds until it has to serve. */
  readonly timeoutMs: number;
  /** Aborted when the old sidecar ends meanwhile: the successor is not wanted any more. */
  readonly signal: AbortSignal;
};

/** What became of it. */
export type SuccessionOutcome =
  | { readonly kind: 'succeeded'; readonly pid: number; readonly version: string }
  | { readonly kind: 'failed'; readonly message: string };

/** Resolves when the successor serves, or when it is certain that it will not: then it has ended. Never rejects. */
export async function startSuccessor(
  inheritance: Inheritance,
  options: SuccessorOptions,
): Promise<SuccessionOutcome> {
  const child = spawnSuccessor(inheritance, options);
  const over = new AbortController();
  try {
    const outcome = await Promise.race([
      spawnFailed(child),
      said(child),
      ended(child),
      timeIsUp(options.timeoutMs, over.signal),
      calledOff(options.signal),
    ]);
    if (outcome.kind === 'failed') await end(child);
    else release(child);
    return outcome;
  } finally {
    over.abort();
  }
}

function spawnSuccessor(inheritance: Inheritance, options: SuccessorOptions): ChildProcess {
  const { sockets } = inheritance;
  const [program = process.execPath, ...words] = options.command;
  const child = spawn(program, words, {
    // A session of its own: the end of the terminal, or Ctrl-C on it, is the old one's.
    detached: true,
    env: { ...options.environment, [PREDECESSOR_VARIABLE]: String(process.pid) },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc', ...sockets.map(({ fd }) => fd)],
  });
  child.once('error', () => undefined);
  const message: InheritanceMessage = {
    kind: 'inheritance',
    ...inheritance,
    sockets: sockets.map((socket, index) => ({ ...socket, fd: FIRST_INHERITED_DESCRIPTOR + index })),
  };
  if (child.connected) child.send(message, () => undefined);
  return child;
}

async function spawnFailed(child: ChildProcess): Promise<SuccessionOutcome> {
  const [error] = (await once(child, 'error')) as [Error];
  return { kind: 'failed', message: `Cannot start the successor: ${error.message}` };
}

function said(child: ChildProcess): Promise<SuccessionOutcome> {
  return new Promise((resolve) => {
    child.on('message', (message: SuccessorMessage) => {
      if (message.kind === 'ready')
        resolve({ kind: 'succeeded', pid: child.pid ?? 0, version: message.version });
      else resolve(message);
    });
  });
}

function ended(child: ChildProcess): Promise<SuccessionOutcome> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      const how = signal === null ? `code ${code}` : signal;
      const message = `The successor ended with ${how} before it served: its last words stand in the log`;
      // What it has said comes by another pipe than the news of its end.
      setImmediate(() => resolve({ kind: 'failed', message }));
    });
  });
}

function timeIsUp(timeoutMs: number, over: AbortSignal): Promise<SuccessionOutcome> {
  return new Promise((resolve) => {
    const message = `The successor did not serve within ${timeoutMs / 1000} s and was ended: its log says how far it came`;
    const timer = setTimeout(() => resolve({ kind: 'failed', message }), timeoutMs);
    over.addEventListener('abort', () => clearTimeout(timer));
  });
}

function calledOff(signal: AbortSignal): Promise<SuccessionOutcome> {
  return new Promise((resolve) => {
    const message = 'The sidecar was told to end: its successor is not started';
    const resolveNow = (): void => resolve({ kind: 'failed', message });
    if (signal.aborted) resolveNow();
    else signal.addEventListener('abort', resolveNow, { once: true });
  });
}

/** Nobody was told of it yet, so it has nothing to finish; its guard process ends its groups. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** It stands alone from now on: neither the channel nor the wait for its end holds this process. */
function release(child: ChildProcess): void {
  if (child.connected) child.disconnect();
  child.unref();
}
