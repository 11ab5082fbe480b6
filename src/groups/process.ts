/**
 * One OS process of a group and its socket: starting → ready → draining → exited. A `Group` outlives its processes,
 * a process its leases. The process is the leader of its own process group, which ends with it.
 */

import type { ChildProcess } from 'node:child_process';
import { setMaxListeners } from 'node:events';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { groupFields } from '../log.ts';
import type { Clock } from './clock.ts';
import { type ControlMessage, LONGEST_MESSAGE, parseControlMessage } from './control.ts';
import { doesCatch, isAlive, isStopped, type ProcessTable } from './family.ts';
import { Journey, type JourneyReport } from './journey.ts';
import { spawnLauncher } from './launcher.ts';
import type { ForeignTraits, Upstream } from './lease.ts';
import { readLines } from './lines.ts';
import type { ManagedProcess, ProcessExit, StartRequest, StartResult } from './managed-process.ts';
import type { GroupLog } from './observer.ts';
import { parseOutputLine } from './output-line.ts';
import type { GroupPlan } from './plan.ts';
import { type MessageTap, waitUntilReady } from './ready.ts';
import { awaitProgram } from './runners/await-program.ts';
import { type Launched, ListeningPlace } from './runners/listening-place.ts';
import { foreignTraits, RUNNER_TABLE } from './runners/traits.ts';
import { renderStartOrder } from './start-order.ts';
import { endStrays, outputsOf } from './strays.ts';
import { signalGroup, terminate } from './terminate.ts';

/** What every process of a sidecar shares. */
export type ProcessDeps = {
  readonly pythonFolder: string;
  readonly guard: { register(processGroup: number): void; unregister(processGroup: number): void };
  readonly log: GroupLog;
  readonly clock: Clock;
  readonly table: ProcessTable;
};

/** The worker keeps the grace itself; the margin is what its own end takes. */
const KILL_MARGIN_MS = 1_000;

/** At which the worker writes its stacks to its log. */
const SIGUSR2 = constants.signals.SIGUSR2;

export class GroupProcess implements ManagedProcess {
  readonly pid: number;
  readonly threads: number;
  readonly closed: AbortSignal;
  readonly leaving: AbortSignal | undefined;
  readonly foreign: ForeignTraits | undefined;
  readonly silentMs: number | undefined;
  readonly untakenMs: number | undefined;
  readonly connectMs: number;
  readonly started: Promise<StartResult>;
  readonly exited: Promise<ProcessExit>;
  readonly #place: ListeningPlace;
  readonly #plan: GroupPlan;
  readonly #deps: ProcessDeps;
  readonly #closing = new AbortController();
  readonly #leaving = new AbortController();
  readonly #journey: Journey;
  /** What every line about the process says of it. */
  readonly #fields: { readonly group: string; readonly pid: number };
  /** Its end ends the process. */
  readonly #lifeline: Writable | null;
  #ending: Promise<void> | undefined;

  /** Spawns at once. */
  constructor(deps: ProcessDeps, request: StartRequest, socketPath: string) {
    const { plan, imports, onMessage, onExit } = request;
    this.#deps = deps;
    this.#plan = plan;
    this.#journey = new Journey(deps.clock);
    this.#journey.enter('spawn');
    this.#place = new ListeningPlace(plan, socketPath);
    this.threads = plan.threads;
    this.foreign = foreignTraits(plan.runner);
    this.silentMs = plan.socketTimeoutMs;
    this.untakenMs = plan.responseSocketTimeoutMs;
    this.connectMs = plan.connectTimeoutMs;
    this.closed = this.#closing.signal;
    this.leaving = this.foreign?.upgrades === true ? this.#leaving.signal : undefined;
    // One for each WebSocket.
    setMaxListeners(0, this.#leaving.signal);
    const child = spawnLauncher(plan, deps.pythonFolder);
    this.pid = child.pid ?? 0;
    this.#fields = { group: plan.id, ...groupFields(plan.identity), pid: this.pid };
    if (child.pid !== undefined) deps.guard.register(child.pid);
    this.exited = this.#watchExit(child, onExit);
    const messages = this.#listen(child, onMessage);
    this.started = waitUntilReady({ child, plan, messages, journey: this.#journey });
    this.#lifeline = child.stdin;
    this.#lifeline?.on('error', () => undefined);
    this.#lifeline?.write(`${renderStartOrder({ plan, socketPath: this.#place.file, imports })}\n`);
  }

  get socketPath(): string {
    return this.#place.socketPath;
  }

  get tcp(): Upstream['tcp'] {
    return this.#place.tcp;
  }

  isReachable(): Promise<boolean> {
    return this.#place.isReachable();
  }

  isAlive(): boolean {
    return !this.closed.aborted && isAlive(this.pid);
  }

  report(): JourneyReport {
    return this.#journey.report();
  }

  async terminate(reason: string): Promise<void> {
    if (this.pid === 0 || this.closed.aborted) return;
    this.#ending ??= this.#end(reason);
    await this.#ending;
  }

  /** The reason goes first, and once: it is what the process tells its applications. */
  async #end(reason: string): Promise<void> {
    if (this.#plan.runner.kind === 'builtin' && reason !== '') this.#lifeline?.write(`${reason}\n`);
    const graceMs = this.#plan.shutdownTimeoutMs + KILL_MARGIN_MS;
    await terminate({ processGroup: this.pid, graceMs, exited: this.exited });
  }

  leave(): void {
    this.#leaving.abort();
  }

  kill(): void {
    if (this.pid !== 0 && !this.closed.aborted) signalGroup(this.pid, 'SIGKILL');
  }

  isStopped(): boolean {
    return isStopped(this.pid);
  }

  residentBytes(): number | undefined {
    return this.#deps.table.residentBytes(this.pid);
  }

  dumpStacks(): void {
    // To a program the signal may mean anything.
    const isOurs = RUNNER_TABLE[this.#plan.runner.kind].dumpsStacks && this.pid !== 0 && !this.closed.aborted;
    if (isOurs && doesCatch(this.pid, SIGUSR2)) process.kill(this.pid, 'SIGUSR2');
  }

  /** Connects log, journey and control pipe; returns the place where the first decisive message is told. */
  #listen(child: ChildProcess, onMessage: (message: ControlMessage) => void): MessageTap {
    const tap: MessageTap = { onDecisive: () => undefined };
    this.#logLines(child.stdout, 'stdout');
    this.#logLines(child.stderr, 'stderr');
    // Without descriptors for the pipes there are none at all, whatever the typings say.
    const control = (child.stdio as ChildProcess['stdio'] | undefined)?.[3] as Readable | null | undefined;
    if (!control) return tap;
    readLines(
      control,
      (line) => {
        const message = parseControlMessage(line);
        if (message === undefined) this.#deps.log.warn({ ...this.#fields, line }, 'Unknown control message');
        else if (message.event === 'step') this.#journey.enter(message.step);
        else if (message.event === 'launched') void this.#awaitProgram(message, tap);
        else if (message.event === 'ready' || message.event === 'boot-failed') tap.onDecisive(message);
        else onMessage(message);
      },
      LONGEST_MESSAGE,
    );
    return tap;
  }

  async #awaitProgram(launched: Launched, tap: MessageTap): Promise<void> {
    const { runner } = this.#plan;
    this.#journey.enter('answer');
    const isReady = await awaitProgram({
      find: () => this.#place.find(launched),
      healthPath: runner.kind === 'command' ? runner.healthPath : undefined,
      onProblem: (problem) => {
        tap.problem = problem;
      },
      closed: this.closed,
    });
    if (isReady) tap.onDecisive({ event: 'ready', python: '', imported: [], failed: [] });
  }

  #logLines(stream: Readable | null | undefined, name: 'stdout' | 'stderr'): void {
    // Undefined when the system had no descriptors left for the pipes.
    if (!stream) return;
    readLines(stream, (line) => {
      const { text, requestId } = parseOutputLine(line);
      this.#journey.addOutput(text);
      this.#deps.log.info({ ...this.#fields, stream: name, ...(requestId && { requestId }) }, text);
    });
  }

  #watchExit(child: ChildProcess, onExit: (exit: ProcessExit) => void): Promise<ProcessExit> {
    return new Promise((resolve) => {
      const outputs = this.pid === 0 ? [] : outputsOf(this.pid);
      const end = (exit: ProcessExit): void => {
        if (this.#closing.signal.aborted) return;
        onExit(exit);
        this.#closing.abort();
        if (this.pid !== 0) {
          // What the applications have started ends with them.
          signalGroup(this.pid, 'SIGKILL');
          endStrays(child, outputs, (stray) => {
            const message = `Process ${stray} still writes for process ${this.pid}, which is gone: it is killed`;
            this.#deps.log.warn({ ...this.#fields, stray }, message);
          });
          this.#deps.guard.unregister(this.pid);
        }
        this.#place.remove().catch((err: unknown) => {
          this.#deps.log.warn({ ...this.#fields, err }, 'Cannot remove the socket of an ended process');
        });
        resolve(exit);
      };
      child.once('exit', (code, signal) => end({ code, signal }));
      child.once('error', () => {
        if (child.pid === undefined) end({ code: null, signal: null });
      });
    });
  }
}
