/**
 * Processes that take the place of others: the new one is started beside the old one, which serves until the new one is ready
 * and then drains (DESIGN, law 4). A new one that does not come up leaves the old one where it is.
 */
import type { GroupCore } from './core.ts';
import type { StartFailure, StartResult } from './managed-process.ts';
import type { Member } from './member.ts';
import type { ExitReason, ReplacementReason } from './observer.ts';
import type { GroupPlan } from './plan.ts';
import { RestartSchedule, type RestartScheduleDeps } from './restart-schedule.ts';
import type { Starter } from './starter.ts';

/** What became of a restart: `kept` means that the old processes go on serving. */
export type RestartResult =
  | { readonly kind: 'restarted' }
  | { readonly kind: 'kept'; readonly failure: StartFailure };

/** How long a process that leaves may take over the requests it has: mod_wsgi gives those that an operator ends a time of their own. */
export function drainTimeoutMs({ life, modWsgiVersion }: GroupPlan, reason: ExitReason): number {
  if (reason === 'deploy') return life.evictionTimeoutMs;
  const isLate = reason === 'request_timeout' || reason === 'startup_timeout';
  // Before 6.0 mod_wsgi leaves a process whose requests are late nothing but its shutdown-timeout.
  return isLate && modWsgiVersion[0] < 6 ? 0 : life.gracefulTimeoutMs;
}

export class Replacements {
  readonly #core: GroupCore;
  readonly #starter: Starter;
  /** Replacements may fail without harm, but not all the time. */
  readonly #attempts: RestartSchedule;
  readonly #underWay = new Map<Member, Promise<StartResult>>();
  /** Whose scripts have changed while none of them could be replaced. They say so once for each change. */
  readonly #stale = new Set<Member>();
  #round: Promise<RestartResult> | undefined;
  #nextRound: Promise<RestartResult> | undefined;

  constructor(core: GroupCore, starter: Starter, deps: RestartScheduleDeps) {
    this.#core = core;
    this.#starter = starter;
    this.#attempts = new RestartSchedule(deps, () => this.#deployNext());
  }

  /**
   * New processes for all that there are, or a first one. One round at a time: what is asked for during a round is one more
   * round after it, because the processes of this one may have read what has changed since.
   */
  replaceAll(reason: ReplacementReason): Promise<RestartResult> {
    if (this.#round !== undefined) {
      this.#nextRound ??= this.#round.then(() => {
        this.#nextRound = undefined;
        return this.replaceAll(reason);
      });
      return this.#nextRound;
    }
    const round = this.#replaceEach(reason);
    this.#round = round.finally(() => {
      this.#round = undefined;
      this.#deployNext();
    });
    return this.#round;
  }

  /** Replaces one process. While that is another one's turn or has just failed a deploy waits; other reasons come again. */
  recycle(member: Member, reason: ReplacementReason): void {
    if (member.state !== 'ready') return;
    if (this.#isBusy() || this.#attempts.waitMs() > 0) {
      if (reason === 'deploy') this.#stale.add(member);
      this.#deployNext();
      return;
    }
    this.#stale.delete(member);
    this.#core.chronicle.recycles(member, reason);
    void this.#replace(member, reason);
  }

  #isBusy(): boolean {
    return this.#round !== undefined || this.#underWay.size > 0;
  }

  /** The next deploy that waits for its turn. */
  #deployNext(): void {
    for (const member of this.#stale) if (member.state !== 'ready') this.#stale.delete(member);
    const [member] = this.#stale;
    if (member === undefined || this.#isBusy()) return;
    if (this.#attempts.waitMs() > 0) this.#attempts.ask();
    else this.recycle(member, 'deploy');
  }

  /** The start that was to replace a process succeeded: the old one gets no new requests. */
  succeeded(replaced: Member): void {
    this.#attempts.forgive();
    const { processes, plan } = this.#core;
    const reason = replaced.replacedFor ?? 'deploy';
    this.#core.chronicle.replaced(reason, 'ready');
    processes.drain(replaced, reason, drainTimeoutMs(plan, reason));
  }

  /** It failed: the old process stays. */
  failed(replaced: Member): void {
    this.#core.chronicle.replaced(replaced.replacedFor ?? 'deploy', 'kept');
    replaced.replacedFor = undefined;
    this.#attempts.startFailed();
  }

  /** A smaller plan, or a start that has become one too many: the oldest go. */
  drainSurplus(reason: ExitReason): void {
    const { processes, plan } = this.#core;
    const staying = processes.staying();
    for (const member of staying.slice(0, Math.max(0, staying.length - plan.processes))) {
      processes.drain(member, reason, drainTimeoutMs(plan, reason));
    }
  }

  async #replaceEach(reason: ReplacementReason): Promise<RestartResult> {
    this.#attempts.forgive();
    if (this.#underWay.size > 0) await Promise.all(this.#underWay.values());
    const { processes } = this.#core;
    // A start that waits at the gate will go by the plan that is in force then.
    const starts = [...processes.atGate(), ...processes.current().map((old) => this.#replace(old, reason))];
    if (starts.length === 0) starts.push(this.#starter.start(reason));
    for (const result of await Promise.all(starts)) {
      if (result.kind === 'failed') return { kind: 'kept', failure: result.failure };
    }
    return { kind: 'restarted' };
  }

  #replace(member: Member, reason: ReplacementReason): Promise<StartResult> {
    member.replacedFor = reason;
    const result = this.#starter.start(reason, member).finally(() => {
      this.#underWay.delete(member);
      this.#deployNext();
    });
    this.#underWay.set(member, result);
    return result;
  }
}
