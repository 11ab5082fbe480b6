/** A group in virtual time: a clock that is turned by hand, and processes that do what the schedule says. */
import { SidecarError } from '../../src/errors.ts';
import { byPromise } from '../../src/groups/claim.ts';
import type { Clock } from '../../src/groups/clock.ts';
import type { ControlMessage } from '../../src/groups/control.ts';
import { Group } from '../../src/groups/group.ts';
import type { GroupSettings } from '../../src/groups/group-settings.ts';
import type { JourneyReport } from '../../src/groups/journey.ts';
import type { Lease, Refusal } from '../../src/groups/lease.ts';
import type {
  ManagedProcess,
  ProcessExit,
  StartRequest,
  StartResult,
} from '../../src/groups/managed-process.ts';
import type { GroupLog, GroupState } from '../../src/groups/observer.ts';
import type { GroupPlan } from '../../src/groups/plan.ts';
import { planGroup } from '../../src/groups/plan-group.ts';
import { StartGate } from '../../src/groups/start-gate.ts';

const JOURNEY: JourneyReport = { startedAt: new Date(0), steps: [], output: [] };

export const SILENT: GroupLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** A lease or refusal of a group, at once or later; `signal` is aborted when nobody waits any more. */
export function acquire(
  group: Group,
  signal: AbortSignal = new AbortController().signal,
): Lease | Refusal | Promise<Lease | Refusal> {
  return byPromise((claim) => group.claim(claim), signal);
}

/** A plan of an embedded group with some of its numbers set. */
export function planWith(settings: GroupSettings): GroupPlan {
  return planGroup(
    { processGroup: '', applicationGroup: 'virtual.test|/app' },
    {
      apache: {},
      defaults: settings,
      imports: [],
      modWsgiVersion: [4, 9, 4],
      root: false,
      parentEnvironment: {},
    },
  );
}

/** When virtual time begins, by the calendar. */
const FIRST_DAY = Date.UTC(2020, 1, 29);

/** Time that passes only when it is told to. */
export class VirtualClock implements Clock {
  #now = 1_000_000;
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>();

  readonly now = (): number => this.#now;
  readonly wallTime = (): Date => new Date(FIRST_DAY + this.#now);

  readonly after = (ms: number, callback: () => void): (() => void) => {
    const timer = { at: this.#now + ms, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  /** Lets time pass, timer by timer, and everything that follows from each. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
      await settle();
    }
    this.#now = end;
  }

  #next(end: number): { readonly at: number; readonly callback: () => void } | undefined {
    const due = [...this.#timers].filter((timer) => timer.at <= end);
    return due.sort((a, b) => a.at - b.at)[0];
  }
}

/** A process of the schedule's making. */
export class VirtualProcess implements ManagedProcess {
  static #pids = 100;
  readonly pid: number = VirtualProcess.#pids++;
  readonly socketPath: string = `/virtual/${this.pid}.sock`;
  readonly threads: number;
  readonly closed: AbortSignal;
  readonly started: Promise<StartResult>;
  readonly exited: Promise<ProcessExit>;
  readonly request: StartRequest;
  state: 'starting' | 'ready' | 'gone' = 'starting';
  /** Whether TERM makes it go at once. */
  obedient = true;
  hasSocket = true;
  /** It can do nothing more, and its end is still to be told. */
  isEnding = false;
  stopped = false;
  memory = 0;
  dumps = 0;
  #start: (result: StartResult) => void = () => undefined;
  #exit: (exit: ProcessExit) => void = () => undefined;
  readonly #closing = new AbortController();

  constructor(request: StartRequest) {
    this.request = request;
    this.threads = request.plan.threads;
    this.closed = this.#closing.signal;
    this.started = new Promise((resolve) => {
      this.#start = resolve;
    });
    this.exited = new Promise((resolve) => {
      this.#exit = resolve;
    });
  }

  becomeReady(imported: readonly string[] = [], failed: readonly string[] = []): void {
    this.state = 'ready';
    this.#start({ kind: 'ready', startMs: 1, python: '3', imported, failed, journey: JOURNEY });
  }

  say(message: ControlMessage): void {
    this.request.onMessage(message);
  }

  end(exit: ProcessExit = { code: 1, signal: null }): void {
    if (this.state === 'gone') return;
    const failure = { step: 'worker', message: 'it ended', journey: JOURNEY };
    this.state = 'gone';
    this.request.onExit(exit);
    this.#closing.abort();
    this.#exit(exit);
    this.#start({ kind: 'failed', failure });
  }

  async isReachable(): Promise<boolean> {
    return this.hasSocket;
  }

  isAlive(): boolean {
    return this.state !== 'gone' && !this.isEnding;
  }

  report(): JourneyReport {
    return JOURNEY;
  }

  kill(): void {
    this.end({ code: null, signal: 'SIGKILL' });
  }

  isStopped(): boolean {
    return this.stopped;
  }

  residentBytes(): number {
    return this.memory;
  }

  dumpStacks(): void {
    this.dumps += 1;
  }

  async terminate(): Promise<void> {
    if (this.obedient) this.end({ code: 0, signal: null });
    await this.exited;
  }
}

/** A group with all that it needs, in virtual time. */
export class VirtualGroup {
  readonly clock: VirtualClock = new VirtualClock();
  readonly processes: VirtualProcess[] = [];
  readonly states: GroupState[] = [];
  readonly replacements: string[] = [];
  readonly exits: string[] = [];
  /** Changes of state that no table allows. */
  readonly impossible: string[] = [];
  hasRoom = true;
  hasRunOutOfMemory = false;
  plan: GroupPlan;
  readonly group: Group;

  /** `clock` takes the place of the one that is turned by hand. */
  constructor(settings: GroupSettings, clock: Clock = this.clock) {
    this.plan = planWith(settings);
    this.group = new Group(this.plan, {
      clock,
      random: () => 0.5,
      hasRoom: () => this.hasRoom,
      hasRunOutOfMemory: () => this.hasRunOutOfMemory,
      log: {
        ...SILENT,
        error: (fields, message) => {
          if ('err' in fields && fields.err instanceof SidecarError) this.impossible.push(message);
        },
      },
      gate: new StartGate(4, clock),
      observer: {
        groupStateChanged: (_identity, _from, to) => this.states.push(to),
        processStarted: () => undefined,
        processReady: () => undefined,
        processExited: (_identity, reason) => this.exits.push(reason),
        processReplaced: (_identity, reason, result) => this.replacements.push(`${reason}:${result}`),
        groupDropped: () => undefined,
      },
      startProcess: (request) => {
        const process = new VirtualProcess(request);
        this.processes.push(process);
        return process;
      },
    });
  }

  inState(state: VirtualProcess['state']): VirtualProcess[] {
    return this.processes.filter((process) => process.state === state);
  }
}

/** The process that was started last. */
export function last({ processes }: VirtualGroup): VirtualProcess {
  const process = processes.at(-1);
  if (process === undefined) throw new Error('No process was started');
  return process;
}

/** A lease that the group has at once. */
export function lease({ group }: VirtualGroup): Lease {
  const answer = acquire(group);
  if (answer instanceof Promise || answer.kind !== 'lease') throw new Error('No lease');
  return answer;
}

/** Everything that promises have to say is said. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
