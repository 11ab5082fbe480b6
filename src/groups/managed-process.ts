/** A process as its group drives it; `process.ts` has the real one. */
import type { ControlMessage } from './control.ts';
import type { JourneyReport } from './journey.ts';
import type { Upstream } from './lease.ts';
import type { GroupPlan, ScriptImport } from './plan.ts';

/** Why a process could not be started, told to people. */
export type StartFailure = {
  /** The step that failed: one of the launcher's, `spawn`, or `startup-timeout`. */
  readonly step: string;
  readonly message: string;
  readonly traceback?: string;
  readonly journey: JourneyReport;
};

/** How a start ended. */
export type StartResult =
  | {
      readonly kind: 'ready';
      readonly startMs: number;
      readonly python: string;
      readonly imported: readonly string[];
      readonly failed: readonly string[];
      readonly journey: JourneyReport;
    }
  | { readonly kind: 'failed'; readonly failure: StartFailure };

/** How a process ended; both null when it never ran. */
export type ProcessExit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** A process as its group drives it. Both promises are always kept. */
export type ManagedProcess = Upstream & {
  readonly started: Promise<StartResult>;
  readonly exited: Promise<ProcessExit>;
  /** Whether its socket is still there to connect to. */
  isReachable(): Promise<boolean>;
  /** Whether it runs; false from the moment at which it can do nothing more, before its end is told. */
  isAlive(): boolean;
  /** Its start and its last output so far. */
  report(): JourneyReport;
  /** TERM, the plan's grace, KILL; kept when the process is gone. Its applications are told the reason, mod_wsgi's `shutdown_reason`. */
  terminate(reason: string): Promise<void>;
  /** Has connections that outlive an answer end (`leaving`). */
  leave?(): void;
  /** KILL at once. */
  kill(): void;
  /** Whether the system has it stopped (SIGSTOP): it will not hear of anything but KILL. */
  isStopped(): boolean;
  /** Resident memory of the process and its descendants, in bytes; undefined where that cannot be had. */
  residentBytes(): number | undefined;
  /** Asks it to write the stacks of all its threads to its log. */
  dumpStacks(): void;
};

/** What one start is about. */
export type StartRequest = {
  readonly plan: GroupPlan;
  readonly imports: readonly ScriptImport[];
  /** Messages other than those that end the start. */
  readonly onMessage: (message: ControlMessage) => void;
  /** Before `closed` is aborted: who hears of the end may ask for another lease in the same breath. */
  readonly onExit: (exit: ProcessExit) => void;
};
