/**
 * How many processes of a group are started, and when: for those who wait, after crashes and after failed starts. Keeps the
 * law of progress: if a request waits, a process is starting, a restart is due, or a ready process is busy.
 */
import type { GroupCore } from './core.ts';
import type { StartResult } from './managed-process.ts';
import type { Member } from './member.ts';
import type { StartReason } from './observer.ts';
import { draining, processLimit, startFailed } from './refusals.ts';
import { RestartSchedule, type RestartScheduleDeps } from './restart-schedule.ts';

/** What a group fell into: after a crash requests may wait for the restart, after a failed start they are refused at once. */
export type Fall = 'crash' | 'boot-failure';

/** What a starter is wired to. */
export type StarterDeps = RestartScheduleDeps & {
  /** Whether the sidecar may have one more process; asking may end an idle one of another group. */
  readonly hasRoom: () => boolean;
};

export class Starter {
  readonly #core: GroupCore;
  readonly #deps: StarterDeps;
  readonly #restarts: RestartSchedule;
  #cancelTimer: (() => void) | undefined;

  constructor(core: GroupCore, deps: StarterDeps) {
    this.#core = core;
    this.#deps = deps;
    this.#restarts = new RestartSchedule(deps, () => this.startAnother('crash'));
  }

  /** One more, if plan and sidecar have room for it. */
  startAnother(reason: StartReason): void {
    if (this.mayStart() && this.hasRoom()) void this.start(reason);
  }

  /** Whether the sidecar may have one more; if not, and the group has none, who waits is told. */
  hasRoom(): boolean {
    if (this.#deps.hasRoom()) return true;
    const core = this.#core;
    if (core.isAlone()) {
      core.room.refuseAll(processLimit(core.plan.identity));
      core.settle('the sidecar has as many processes as it may');
    }
    return false;
  }

  /** Whether the plan has room for one more beside those that serve and those that are starting. */
  mayStart(): boolean {
    const { processes, plan } = this.#core;
    return processes.unstarted(plan) > processes.starting;
  }

  /** Kept when the start is over. */
  start(reason: StartReason, replaces?: Member): Promise<StartResult> {
    const core = this.#core;
    if (!core.processes.hasReady()) core.enter('starting', `start on ${reason}`);
    return core.processes.start({
      reason,
      ...(replaces === undefined ? {} : { replaces }),
      order: () => ({
        plan: core.plan,
        imports: core.chronicle.importsFor(core.plan, replaces?.imported),
      }),
    });
  }

  /** Starts processes for those who wait beyond what is starting already, up to the plan's number. */
  grow(): void {
    const core = this.#core;
    if (core.isStopping || core.condition.state === 'backing_off') return;
    const { processes, plan, room } = core;
    // Asked first: most plans have all their processes, and every request that waits comes by.
    while (this.mayStart() && room.depth > processes.starting * plan.threads + processes.heldBack()) {
      if (this.#restarts.waitMs() > 0) {
        if (core.isAlone()) this.#rest('its last process has left after another one failed', 'crash');
        this.#restarts.ask();
        return;
      }
      if (!this.#isWorthAnother() || !this.hasRoom()) return;
      void this.start('demand');
    }
  }

  /** Has as many processes as the plan wants at least, once one has shown that they come up. */
  keepUp(): void {
    const { processes, plan, isStopping } = this.#core;
    const isBelow = (): boolean => processes.staying().length + processes.starting < plan.life.minProcesses;
    while (!isStopping && isBelow() && this.mayStart() && this.#restarts.waitMs() === 0 && this.hasRoom())
      void this.start('demand');
  }

  /** A further process beside others is worth its memory when the first in the queue has waited for so long. */
  #isWorthAnother(): boolean {
    const { clock, room, processes, plan } = this.#core;
    const { scaleUpAfterMs, minProcesses } = plan.life;
    const waitMs = scaleUpAfterMs - room.longestWaitMs();
    const known = processes.staying().length + processes.starting;
    if (waitMs <= 0 || known < Math.max(1, minProcesses)) return true;
    this.#cancelTimer ??= clock.after(waitMs, () => {
      this.#cancelTimer = undefined;
      this.grow();
    });
    return false;
  }

  succeeded(): void {
    this.#restarts.startSucceeded();
  }

  /** A process ended unasked that had been ready for `upMs`. */
  crashed(problem: string, upMs: number): void {
    this.#restarts.crashed(upMs);
    this.#afterFall(problem, 'crash');
  }

  /** A start came to nothing that was to replace nobody. */
  failed(problem: string): void {
    this.#restarts.startFailed();
    this.#core.chronicle.forgetImported();
    this.#afterFall(problem, 'boot-failure');
  }

  /** Something has changed, so what failed before says nothing. */
  forgive(): void {
    this.#restarts.forgive();
  }

  /** No start by itself any more. */
  callOff(): void {
    this.#restarts.callOff();
    this.#cancelTimer?.();
  }

  /** Starts again now, later or no more. */
  #afterFall(problem: string, fall: Fall): void {
    const core = this.#core;
    if (core.isStopping) {
      if (core.isAlone()) core.room.refuseAll(draining(core.plan.identity));
      return;
    }
    if (core.isAlone() && this.#restarts.waitMs() > 0) this.#rest(problem, fall);
    else if (!core.processes.hasReady()) core.enter('starting', problem);
    if (!this.#restarts.hasGivenUp) this.#restarts.ask();
  }

  /** Nothing is done until the next start may be made; who waits for more than that is told. */
  #rest(problem: string, after: Fall): void {
    const core = this.#core;
    const common = {
      since: core.clock.wallTime(),
      reason: problem,
      problem,
      untilMs: this.#restarts.notBeforeMs,
    };
    const hasGivenUp = this.#restarts.hasGivenUp;
    core.change(hasGivenUp ? { state: 'failed', ...common } : { state: 'backing_off', after, ...common });
    if (after === 'boot-failure') {
      core.room.refuseAll(startFailed(core.plan.identity, problem, this.#restarts.waitMs()));
    }
  }
}
