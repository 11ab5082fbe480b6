/** One real group process, started by the real launcher under the Python that a test names. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { packageRoot } from '../../src/package-root.ts';
import type { Python } from '../support/pythons.ts';
import { type Answer, exchange, type RequestOptions, send } from '../support/raw-http.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

export type ControlEvent = { readonly event: string; readonly [name: string]: unknown };

export type Worker = {
  readonly pid: number;
  readonly socketPath: string;
  readonly events: readonly ControlEvent[];
  /** Standard output and standard error so far. */
  log(): string;
  /** The first event, already received or still to come, that satisfies; rejects when the process ends before it. */
  waitForEvent(satisfies: (event: ControlEvent) => boolean): Promise<ControlEvent>;
  /** The log once it holds the text. */
  waitForLog(text: string): Promise<string>;
  /** A request as the sidecar sends it: for a script, with the path below it and the query. */
  request(script: string, path?: string, options?: WorkerRequest): Promise<Answer>;
  /** The head of such a request as bytes, for tests that write them on their own. */
  head(script: string, path?: string, options?: WorkerRequest): string;
  exchange(bytes: string, method?: string): Promise<Answer>;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  signal(name: NodeJS.Signals): void;
  /** Ends the lifeline, which ends the process. */
  stop(): Promise<void>;
};

export type WorkerRequest = RequestOptions & {
  /** More entries of `x-sidecar-mount`. */
  readonly mount?: Readonly<Record<string, string>>;
  /** More entries of `x-sidecar-request`. */
  readonly entries?: Readonly<Record<string, string>>;
};

/** The script of a fixture. */
export function fixture(name: string): string {
  return join(packageRoot(), 'test', 'fixtures', 'wsgi', `${name}.py`);
}

export async function startWorker(
  python: Python,
  order: Record<string, unknown> = {},
  environment: NodeJS.ProcessEnv = {},
): Promise<Worker> {
  const folder = makeTemporaryFolder('wsgi-worker-');
  const socketPath = join(folder.path, 's');
  const child = spawn(python.path, ['-B', join(packageRoot(), 'src', 'python', 'launcher.py')], {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, PYTHONDONTWRITEBYTECODE: '1', ...environment },
  });
  child.once('close', () => folder.remove());
  lifelineOf(child).write(`${JSON.stringify({ ...defaults(), ...order, socket: socketPath })}\n`);
  const worker = watch(child, socketPath);
  await worker.waitForEvent((event) => event.event === 'ready');
  return worker;
}

function defaults(): Record<string, unknown> {
  return {
    threads: 4,
    mode: 'embedded',
    multithread: true,
    multiprocess: false,
    processGroup: '',
    applicationGroup: 'main.test|/app',
    imports: [],
    scriptReloading: true,
    modWsgiVersion: [4, 9, 4],
    shutdownTimeout: 10,
    allowRoot: true,
  };
}

function lifelineOf(child: ChildProcess): Writable {
  return child.stdin as Writable;
}

function watch(child: ChildProcess, socketPath: string): Worker {
  const events: ControlEvent[] = [];
  const output: string[] = [];
  const watchers = new Set<() => void>();
  let isOver = false;
  const announce = (): void => {
    for (const watcher of watchers) watcher();
  };
  const read = (stream: unknown, take: (line: string) => void): Interface =>
    createInterface({ input: stream as Readable }).on('line', (line) => {
      take(line);
      announce();
    });
  read(child.stdio[3], (line) => events.push(JSON.parse(line)));
  read(child.stdout, (line) => output.push(line));
  read(child.stderr, (line) => output.push(line));
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, signal) => {
      isOver = true;
      announce();
      resolve({ code, signal });
    });
  });
  const log = (): string => output.join('\n');
  const waitFor = <T>(find: () => T | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = find();
        if (found === undefined && !isOver) return;
        watchers.delete(look);
        if (found !== undefined) resolve(found);
        else reject(new Error(`The group process ended too early:\n${JSON.stringify(events)}\n${log()}`));
      };
      watchers.add(look);
      look();
    });
  return {
    pid: child.pid ?? 0,
    socketPath,
    events,
    log,
    exited,
    waitForEvent: (satisfies) => waitFor(() => events.find(satisfies)),
    waitForLog: (text) => waitFor(() => (log().includes(text) ? log() : undefined)),
    request: (script, path = '/', options = {}) =>
      send({ socketPath }, path, {
        ...options,
        headers: { ...sidecarHeaders(script, path, options), ...options.headers },
      }),
    head: (script, path = '/', options = {}) => headOf(script, path, options),
    exchange: (bytes, method) => exchange({ socketPath }, bytes, method),
    signal: (name) => child.kill(name),
    stop: async () => {
      lifelineOf(child).end();
      await exited;
    },
  };
}

function headOf(script: string, path: string, options: WorkerRequest): string {
  const headers = { host: 'main.test', ...sidecarHeaders(script, path, options), ...options.headers };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${options.method ?? 'GET'} ${path} HTTP/1.${options.minorVersion ?? 1}\r\n${lines.join('')}\r\n`;
}

function sidecarHeaders(script: string, target: string, options: WorkerRequest): Record<string, string> {
  const [path = '', query = ''] = target.split('?', 2);
  const mount = { SCRIPT_FILENAME: script, SERVER_NAME: 'main.test', SERVER_PORT: '8080', ...options.mount };
  const entries = {
    SCRIPT_NAME: '/app',
    PATH_INFO: path,
    QUERY_STRING: query,
    REQUEST_URI: `/app${target}`,
    ...options.entries,
  };
  return { 'x-sidecar-mount': `0 ${asciiJson(mount)}`, 'x-sidecar-request': asciiJson(entries) };
}

function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
