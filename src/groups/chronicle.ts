/** Tells log and observer what happens in a group, and remembers what the admin side and the next start will want to know. */
import { groupFields, readable } from '../log.ts';
import type { Clock } from './clock.ts';
import type { ControlMessage } from './control.ts';
import { describeCrash, reasonOfExit } from './exit.ts';
import type { FailureSnapshot, ScriptFailure } from './failures.ts';
import type { ProcessExit, StartFailure, StartResult } from './managed-process.ts';
import type { Member } from './member.ts';
import type {
  GroupLog,
  GroupObserver,
  GroupState,
  RecycleReason,
  ReplacementReason,
  StartReason,
} from './observer.ts';
import type { GroupPlan, ScriptImport } from './plan.ts';
import { checkTransition, GROUP_TRANSITIONS } from './transitions.ts';

/** Whom a chronicle tells. */
export type ChronicleDeps = {
  readonly observer: GroupObserver;
  readonly log: GroupLog;
  readonly clock: Clock;
  /** Whether the kernel has killed for want of memory since the last question. */
  readonly hasRunOutOfMemory: () => boolean;
};

/** What every line about the group says of it. */
type Names = { readonly group: string } & ReturnType<typeof groupFields>;

/** One per group, for its whole life. */
export class Chronicle {
  readonly #deps: ChronicleDeps;
  readonly #plan: Pick<GroupPlan, 'id' | 'identity'>;
  readonly #failedScripts = new Map<string, ScriptFailure>();
  readonly #imported = new Set<string>();
  readonly #names: Names;
  #lastFailure: FailureSnapshot | undefined;

  constructor(plan: Pick<GroupPlan, 'id' | 'identity'>, deps: ChronicleDeps) {
    this.#plan = plan;
    this.#names = { group: plan.id, ...groupFields(plan.identity) };
    this.#deps = deps;
    deps.observer.groupStateChanged(plan.identity, undefined, 'idle');
  }

  get lastFailure(): FailureSnapshot | undefined {
    return this.#lastFailure;
  }

  failedScripts(): readonly ScriptFailure[] {
    return [...this.#failedScripts.values()];
  }

  failureOf(script: string): ScriptFailure | undefined {
    return this.#failedScripts.get(script);
  }

  /**
   * What a new process imports before it is ready: the plan's scripts, and those of the process before it (DESIGN: "A
   * group is not a script"), by default of any that ran.
   */
  importsFor(plan: GroupPlan, imported: ReadonlySet<string> = this.#imported): readonly ScriptImport[] {
    const stated = new Set(plan.imports.map(({ script }) => script));
    const learnt = [...imported].filter((script) => !stated.has(script));
    return [...plan.imports, ...learnt.map((script) => ({ script, callableObject: 'application' }))];
  }

  stateChanged(from: GroupState, to: GroupState, reason: string): void {
    checkTransition(GROUP_TRANSITIONS, { from, to }, this.#deps.log, this.#names);
    this.#deps.observer.groupStateChanged(this.#plan.identity, from, to);
    this.#deps.log.info({ ...this.#names, from, to, reason }, 'Group changed its state');
  }

  processSpawned(reason: StartReason): void {
    this.#deps.observer.processStarted(this.#plan.identity, reason);
  }

  processReady(member: Member, { imported, startMs }: Extract<StartResult, { kind: 'ready' }>): void {
    for (const script of imported) this.#scriptImported(script);
    // A start that failed is over with one that did not; a crash stays to be looked at.
    if (this.#lastFailure?.step !== 'serving') this.#lastFailure = undefined;
    this.#deps.observer.processReady(this.#plan.identity, startMs / 1000);
    this.#deps.log.info({ ...this.#fields(member), startMs }, 'Group process is ready');
  }

  /** A start that came to nothing; one that was called off is nobody's failure. */
  startFailed(member: Member, failure: StartFailure): void {
    this.#deps.observer.processExited(this.#plan.identity, member.endReason ?? 'boot_failed');
    if (member.endReason !== undefined && member.endReason !== 'boot_failed') return;
    this.#lastFailure = { at: this.#deps.clock.wallTime(), ...failure };
    const message = `Cannot start a group process: ${failure.message}`;
    this.#deps.log.error({ ...this.#fields(member), failure }, message);
  }

  /** The next start imports these as well. */
  expectImports(scripts: readonly string[]): void {
    for (const script of scripts) this.#imported.add(script);
  }

  /** The scripts that the last start imported again may be what made it fail: the next one goes without them. */
  forgetImported(): void {
    this.#imported.clear();
  }

  /** A process ended that the group had asked to. */
  processEnded(member: Member): void {
    this.#deps.observer.processExited(this.#plan.identity, member.endReason ?? 'shutdown');
    this.#deps.log.info({ ...this.#fields(member), reason: member.endReason }, 'Group process has ended');
  }

  recycles(member: Member, reason: ReplacementReason): void {
    const { served, readyAtMs, inFlight } = member;
    const age = { served, up_ms: this.#deps.clock.now() - readyAtMs, in_flight: inFlight };
    this.#deps.log.info({ ...this.#fields(member), reason, ...age }, 'Group process is to be replaced');
  }

  replaced(reason: ReplacementReason, result: 'ready' | 'kept'): void {
    this.#deps.observer.processReplaced(this.#plan.identity, reason, result);
  }

  processFrozen(member: Member, stoppedForMs: number): void {
    const message = `Process ${member.process.pid} has been stopped for ${stoppedForMs} ms with ${member.inFlight} requests in it: it is killed`;
    this.#lastFailure = { at: this.#deps.clock.wallTime(), step: 'serving', message };
    this.#deps.log.error(this.#fields(member), message);
  }

  /** Its requests take longer than the group allows. */
  processHangs(member: Member, reason: RecycleReason): void {
    const nowMs = this.#deps.clock.now();
    const agesMs = member.leases.map(({ sinceMs }) => nowMs - sinceMs).sort((a, b) => b - a);
    const ages = agesMs.map((ageMs) => `${(ageMs / 1000).toFixed(1)} s`);
    const message = `Process ${member.process.pid} does not answer in time (${reason}), its requests are ${ages.join(', ')} old: its stacks are asked for, then it is replaced`;
    this.#lastFailure = { at: this.#deps.clock.wallTime(), step: 'serving', message };
    this.#deps.log.error({ ...this.#fields(member), reason }, message);
  }

  processLost(member: Member): void {
    const { socketPath, tcp } = member.process;
    const message =
      tcp === undefined
        ? `Socket "${socketPath}" is gone: the process is replaced; keep others out of the runtime folder`
        : `Nobody listens on port ${tcp.port}: the process is replaced`;
    this.#lastFailure = { at: this.#deps.clock.wallTime(), step: 'serving', message };
    this.#deps.log.error(this.#fields(member), message);
  }

  /** Returns the sentence that tells it. */
  processCrashed(member: Member, exit: ProcessExit): string {
    const reason = reasonOfExit(member, exit, this.#deps.hasRunOutOfMemory);
    const message = describeCrash(member, exit, reason);
    this.#deps.observer.processExited(this.#plan.identity, reason);
    this.#lastFailure = {
      at: this.#deps.clock.wallTime(),
      step: 'serving',
      message,
      journey: member.process.report(),
    };
    this.#deps.log.error({ ...this.#fields(member), ...exit }, message);
    return message;
  }

  heard(member: Member, message: ControlMessage): void {
    const fields = {
      ...this.#fields(member),
      ...message,
      ...('script' in message ? { script: readable(message.script) } : {}),
    };
    if (message.event === 'imported') {
      this.#scriptImported(message.script);
      this.#deps.log.debug(fields, 'Script imported');
    } else if (message.event === 'import-failed') {
      const { script, message: problem, traceback } = message;
      this.#failedScripts.set(script, {
        at: this.#deps.clock.wallTime(),
        script,
        message: problem,
        traceback,
      });
      this.#deps.log.error(fields, `Cannot import "${readable(script)}": ${problem}`);
    } else {
      this.#deps.log.debug(fields, 'Group process said something');
    }
  }

  #scriptImported(script: string): void {
    this.#failedScripts.delete(script);
    this.#imported.add(script);
  }

  #fields({ process }: Member): Names & { readonly pid: number } {
    return { ...this.#names, pid: process.pid };
  }
}
