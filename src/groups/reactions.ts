/**
 * What a group does about what happens to its processes: who is served by one that is ready, what follows a failed start or a crash, what
 * a process says of itself. Keeps the laws of `group.ts`.
 */
import type { ControlMessage } from './control.ts';
import type { GroupCore } from './core.ts';
import { brokenDeploy } from './deploy.ts';
import type { LeaseOutcome } from './lease.ts';
import type { ProcessExit, StartFailure, StartResult } from './managed-process.ts';
import type { Member } from './member.ts';
import type { ProcessEvents, Start } from './process-list.ts';
import type { Quiet } from './quiet.ts';
import { drainTimeoutMs, type Replacements } from './replacements.ts';
import type { Starter } from './starter.ts';
import type { Watch } from './watch.ts';

/** The parts of a group that have to do with its processes. */
export type ReactingParts = {
  readonly core: GroupCore;
  readonly starter: Starter;
  readonly replacements: Replacements;
  readonly watch: Watch;
  /** Nobody is served and nobody waits who could be. */
  readonly quiet: Quiet;
};

/** Lives as long as its group. */
export class Reactions implements ProcessEvents {
  readonly #core: GroupCore;
  readonly #starter: Starter;
  readonly #replacements: Replacements;
  readonly #watch: Watch;
  readonly #quiet: Quiet;

  constructor({ core, starter, replacements, watch, quiet }: ReactingParts) {
    this.#core = core;
    this.#starter = starter;
    this.#replacements = replacements;
    this.#watch = watch;
    this.#quiet = quiet;
  }

  spawned(_member: Member, { reason }: Start): void {
    this.#core.chronicle.processSpawned(reason);
  }

  started(member: Member, start: Start, result: StartResult): StartResult {
    const { processes, chronicle } = this.#core;
    const broken = result.kind === 'ready' ? brokenDeploy(start.replaces, result, chronicle) : undefined;
    if (broken !== undefined) void processes.end(member, 'boot_failed');
    if (result.kind === 'failed') this.#failedToStart(member, start, result.failure);
    else if (broken !== undefined) this.#failedToStart(member, start, broken);
    // One that is not wanted any more is on its way out already.
    else if (member.endReason === undefined) this.#becameReady(member, start, result);
    return broken === undefined ? result : { kind: 'failed', failure: broken };
  }

  #becameReady(member: Member, { replaces }: Start, result: Extract<StartResult, { kind: 'ready' }>): void {
    const core = this.#core;
    core.processes.admit(member, result.imported);
    core.chronicle.processReady(member, result);
    this.#starter.succeeded();
    if (replaces !== undefined) this.#replacements.succeeded(replaces);
    this.#replacements.drainSurplus('deploy');
    if (!core.isStopping) core.enter('ready', `process ${member.process.pid} is ready`);
    this.#starter.keepUp();
    this.serve();
  }

  #failedToStart(member: Member, { replaces }: Start, failure: StartFailure): void {
    this.#core.chronicle.startFailed(member, failure);
    const wasCalledOff = member.endReason !== undefined && member.endReason !== 'boot_failed';
    if (wasCalledOff) return;
    if (replaces !== undefined) {
      this.#replacements.failed(replaces);
      this.#replacements.drainSurplus('reload');
    }
    if (replaces?.state === 'ready' || replaces?.state === 'starting') return;
    this.#starter.failed(failure.message);
    this.#quiet.look();
  }

  exited(member: Member, exit: ProcessExit): void {
    const { chronicle } = this.#core;
    if (member.endReason !== undefined) {
      chronicle.processEnded(member);
      this.#core.settle(`its last process has ended: ${member.endReason}`);
      this.serve();
      return;
    }
    const problem = chronicle.processCrashed(member, exit);
    this.#starter.crashed(problem, this.#core.now() - member.readyAtMs);
    this.#quiet.look();
  }

  said(member: Member, message: ControlMessage): void {
    const { chronicle, processes } = this.#core;
    chronicle.heard(member, message);
    if (message.event === 'imported') member.imported.add(message.script);
    if (message.event === 'stopping') {
      processes.withdraw(member);
      this.#starter.grow();
      this.#core.settle(`process ${member.process.pid} is stopping: ${message.reason}`);
    }
    if (message.event === 'stale') this.#replacements.recycle(member, 'deploy');
    if (message.event === 'expiring') this.#replacements.recycle(member, 'cpu_time_limit');
  }

  freed(member: Member, outcome: LeaseOutcome): void {
    if (outcome === 'failed') void this.#examine(member);
    this.#watch.served(member);
    this.serve();
  }

  /**
   * After a request that it has broken off a process has no lease before it is found alive, or its end is told. One whose socket
   * somebody has removed is alive and lost: no request will ever reach it again.
   */
  async #examine(member: Member): Promise<void> {
    const { chronicle, processes, plan } = this.#core;
    const isReachable = await member.process.isReachable();
    if (!member.process.isAlive()) return;
    processes.trust(member);
    if (isReachable || member.state !== 'ready' || this.#core.isStopping) {
      this.serve();
      return;
    }
    chronicle.processLost(member);
    processes.drain(member, 'crash', drainTimeoutMs(plan, 'crash'));
    this.#starter.startAnother('crash');
  }

  /** Hands free threads to who waits and starts processes for the rest; called after everything that changes either. */
  serve(): void {
    const { room, processes } = this.#core;
    if (room.depth > 0) {
      room.admit((queuedMs) => processes.lease(queuedMs));
      this.#starter.grow();
    }
    this.#watch.wake();
    this.#quiet.look();
  }
}
