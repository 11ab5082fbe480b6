/** The sidecar that is soaked, as an operator has it: the built command line, a settings file, a log, an admin address. */
import { execFile, spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { get, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { packageRoot } from '../../src/package-root.ts';
import { reservePort } from '../support/port.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { settingsText, socketPathIn, writeSite } from './site.ts';
import type { LoggedRequest } from './tally.ts';

/** A group as the admin side shows it. */
export type SeenGroup = {
  readonly id: string;
  readonly processGroup: string;
  readonly state: string;
  readonly processes: readonly { readonly pid: number; readonly state: string }[];
};

export type Answer = { readonly status: number; readonly text: string };

const MAIN = join(packageRoot(), 'dist', 'src', 'main.js');
const START_MS = 30_000;
const END_MS = 60_000;
const ORPHAN_MS = 20_000;

export class Subject {
  readonly folder: TemporaryFolder = makeTemporaryFolder('wsgi-sidecar-soak-');
  readonly port: number;
  readonly #adminPort: number;
  /** Every process that comes from this run has it in its environment, whoever its parent is by now. */
  readonly #mark: string;
  #generation = 1;
  #pid = 0;

  private constructor(ports: { readonly port: number; readonly adminPort: number }) {
    this.port = ports.port;
    this.#adminPort = ports.adminPort;
    this.#mark = `SOAK_RUN=${process.pid}-${ports.port}`;
  }

  /** A sidecar that is ready. */
  static async start(): Promise<Subject> {
    const subject = new Subject({ port: await reservePort(), adminPort: await reservePort() });
    writeSite(subject.folder, subject.port);
    subject.#writeSettings();
    try {
      await subject.#launch();
      return subject;
    } catch (error) {
      await subject.stop();
      subject.folder.remove();
      throw error;
    }
  }

  /** Of the sidecar that serves; an upgrade changes it. */
  get pid(): number {
    return this.#pid;
  }

  get socketPath(): string {
    return socketPathIn(this.folder);
  }

  get logPath(): string {
    return `${this.folder.path}/sidecar.log`;
  }

  /** Changes the settings file, and reads nothing. */
  changeSettings(): void {
    this.#generation += 1;
    this.#writeSettings();
  }

  async groups(): Promise<readonly SeenGroup[]> {
    const { text } = await this.ask('GET', '/api/groups');
    return (JSON.parse(text) as { groups: readonly SeenGroup[] }).groups;
  }

  ask(method: string, path: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: this.#adminPort, method, path, agent: false as const };
      const asked = (method === 'GET' ? get : request)(options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece: string) => {
          text += piece;
        });
        response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.once('error', reject);
      });
      asked.once('error', reject);
      asked.end();
    });
  }

  /** One command of the command line, with the settings of the run; rejects with what it says when it fails. */
  command(...words: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const line = [MAIN, ...words, '--config', this.#config];
      execFile(process.execPath, line, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`"${words.join(' ')}" failed: ${stderr.trim() || stdout.trim()}`));
      });
    });
  }

  /** A new sidecar in the place of the old one, which has ended when this resolves. */
  async upgrade(signal: AbortSignal): Promise<void> {
    const old = this.#pid;
    const { pid } = JSON.parse(await this.command('upgrade', '--json')) as { pid: number };
    this.#pid = pid;
    if (!(await waitFor(() => !isAlive(old), END_MS, signal)))
      throw new Error(`The old sidecar ${old} has not ended`);
  }

  /** Ends the sidecar; resolves with the processes of the run that are left, which are ended then. */
  async stop(): Promise<readonly number[]> {
    if (isAlive(this.#pid)) process.kill(this.#pid, 'SIGTERM');
    await this.#hasEnded(this.#pid);
    // The guard process may be slow to see the end of the sidecar, on a busy machine; what is an orphan stays one.
    await waitFor(() => this.#remaining().length === 0, ORPHAN_MS);
    const left = this.#remaining();
    for (const pid of left) kill(pid);
    return left;
  }

  /** What the access log says of each request, by number. */
  loggedRequests(): ReadonlyMap<number, LoggedRequest> {
    const logged = new Map<number, LoggedRequest>();
    for (const line of readFileSync(this.logPath, 'utf8').split('\n')) {
      if (!line.includes('"target"')) continue;
      const { target, status, pid, reason } = JSON.parse(line) as { target: string } & LoggedRequest;
      const number = Number(target.split('?')[1]);
      logged.set(number, {
        status,
        ...(pid === undefined ? {} : { pid }),
        ...(reason === undefined ? {} : { reason }),
      });
    }
    return logged;
  }

  get #config(): string {
    return `${this.folder.path}/sidecar.yaml`;
  }

  #writeSettings(): void {
    const numbers = { port: this.port, adminPort: this.#adminPort, generation: this.#generation };
    this.folder.write('sidecar.yaml', settingsText(this.folder, numbers));
  }

  async #launch(): Promise<void> {
    const log = openSync(this.logPath, 'a');
    const [name = '', value] = this.#mark.split('=');
    const child = spawn(process.execPath, [MAIN, 'run', '--config', this.#config], {
      env: { ...process.env, [name]: value },
      stdio: ['ignore', log, log],
      // Ctrl-C is this program's; it ends the sidecar when it has counted.
      detached: true,
    });
    closeSync(log);
    this.#pid = child.pid ?? 0;
    const isReady = async (): Promise<boolean> =>
      (await this.ask('GET', '/readyz').catch(() => undefined))?.status === 200;
    if (await waitFor(async () => child.exitCode !== null || (await isReady()), START_MS))
      if (child.exitCode === null) return;
    throw new Error(`The sidecar did not start:\n${readFileSync(this.logPath, 'utf8')}`);
  }

  #hasEnded(pid: number): Promise<boolean> {
    return waitFor(() => !isAlive(pid), END_MS);
  }

  #remaining(): readonly number[] {
    const mark = `\0${this.#mark}\0`;
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => isAlive(pid) && readProc(pid, 'environ').includes(mark));
  }
}

/** Whether it came true in time; asked again and again, until the signal at the latest. */
export async function waitFor(
  isTrue: () => boolean | Promise<boolean>,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    if (await isTrue()) return true;
    if (Date.now() > end || signal?.aborted === true) return false;
    await delay(25);
  }
}

/** Whether a process runs, a stopped one included; a zombie does not. */
export function isAlive(pid: number): boolean {
  return /^State:\s+[^ZX\s]/m.test(readProc(pid, 'status'));
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself: that is what was wanted.
  }
}

function readProc(pid: number, file: string): string {
  try {
    const text = readFileSync(`/proc/${pid}/${file}`, 'latin1');
    return file === 'environ' ? `\0${text}\0` : text;
  } catch {
    return '';
  }
}
