/**
 * What the parts of one group share: each part decides one thing, and all of them look at the same plan, processes, queue and
 * state. Every change of state is made by `enter`.
 */
import type { Chronicle } from './chronicle.ts';
import type { Clock } from './clock.ts';
import type { Condition } from './condition.ts';
import type { GroupPlan } from './plan.ts';
import type { ProcessList } from './process-list.ts';
import type { WaitingRoom } from './waiting-room.ts';

/** What a core is put together from. */
export type CoreParts = {
  readonly plan: GroupPlan;
  readonly clock: Clock;
  readonly room: WaitingRoom;
  readonly processes: ProcessList;
  readonly chronicle: Chronicle;
};

/** Lives as long as its group. */
export class GroupCore {
  readonly clock: Clock;
  readonly room: WaitingRoom;
  readonly processes: ProcessList;
  readonly chronicle: Chronicle;
  /** The one in force: starts that wait at the gate go by it, whatever was in force when they were asked for. */
  plan: GroupPlan;
  isStopping = false;
  #condition: Condition;

  constructor({ plan, clock, room, processes, chronicle }: CoreParts) {
    this.plan = plan;
    this.clock = clock;
    this.room = room;
    this.processes = processes;
    this.chronicle = chronicle;
    this.#condition = { state: 'idle', since: clock.wallTime(), reason: 'nothing has asked for it yet' };
  }

  get condition(): Condition {
    return this.#condition;
  }

  now(): number {
    return this.clock.now();
  }

  /** No process serves and none is on its way. */
  isAlone(): boolean {
    return !this.processes.hasReady() && this.processes.starting === 0;
  }

  /** To be called when processes have gone: a group without any that serves is not `ready`, and `idle` once all are gone. */
  settle(reason: string): void {
    const { state } = this.#condition;
    if (this.isStopping || !this.isAlone() || this.room.depth > 0) return;
    if (state === 'backing_off' || state === 'failed' || state === 'idle') return;
    if (this.processes.members.length === 0) this.enter('idle', reason);
    else if (state !== 'draining') this.enter('draining', reason);
  }

  enter(state: 'idle' | 'starting' | 'ready' | 'draining', reason: string): void {
    this.change({ state, since: this.clock.wallTime(), reason });
  }

  /** For the states that have more to them. */
  change(next: Condition): void {
    const from = this.#condition.state;
    this.#condition = next;
    if (next.state !== from) this.chronicle.stateChanged(from, next.state, next.reason);
  }
}
