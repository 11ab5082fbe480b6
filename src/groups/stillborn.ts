/** A process that could not be made: the system refused before there was anything (no memory, no descriptors, too much environment). */
import type { Clock } from './clock.ts';
import { Journey, type JourneyReport } from './journey.ts';
import type { ManagedProcess, ProcessExit, StartRequest, StartResult } from './managed-process.ts';

/** Fails its start and is gone. */
export class StillbornProcess implements ManagedProcess {
  readonly pid = 0;
  readonly socketPath = '';
  readonly threads: number;
  readonly closed: AbortSignal = AbortSignal.abort();
  readonly foreign = undefined;
  readonly started: Promise<StartResult>;
  readonly exited: Promise<ProcessExit>;
  readonly #journey: JourneyReport;

  constructor({ plan, onExit }: StartRequest, problem: unknown, clock: Clock) {
    this.threads = plan.threads;
    this.#journey = new Journey(clock).report();
    const because = problem instanceof Error ? problem.message : String(problem);
    const message = `Cannot start a process: ${because}: look at the limits of the sidecar (descriptors, processes, memory) and at the group's "environment"`;
    // Whoever asked for the process has to know it before it hears of its end.
    this.exited = Promise.resolve({ code: null, signal: null });
    this.started = this.exited.then((exit) => {
      onExit(exit);
      return { kind: 'failed', failure: { step: 'spawn', message, journey: this.#journey } };
    });
  }

  async isReachable(): Promise<boolean> {
    return false;
  }

  isAlive(): boolean {
    return false;
  }

  report(): JourneyReport {
    return this.#journey;
  }

  async terminate(): Promise<void> {
    await this.started;
  }

  kill(): void {
    // There is nothing to kill.
  }

  isStopped(): boolean {
    return false;
  }

  residentBytes(): undefined {
    return undefined;
  }

  dumpStacks(): void {
    // There are none.
  }
}
