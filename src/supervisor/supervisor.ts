/**
 * The life of a sidecar: load, open, serve, reload, drain, stop. Owns the configuration in force and the GroupPool; the doors
 * (listeners) are opened by a function of the composition, because this folder knows no proxy. Its steps are done one at a time.
 * Requests hold what they resolved from one Site: a new one is swapped in by reference, and never changes an old request.
 */
import { SidecarError } from '../errors.ts';
import type { GroupPool, PoolReload } from '../groups/pool.ts';
import { timerMs } from '../timer-ms.ts';
import type { Configuration, DoorsChange, Reading, ReloadOutcome, ReloadTrigger } from './reload.ts';

/** Where requests come in. */
export type Doors<C> = {
  /** Opens what the next configuration has besides; rejects with a SidecarError, and nothing has changed, when it cannot. */
  prepare(next: C): Promise<DoorsChange>;
  /** Takes no new requests; resolves when the last answer has ended. */
  close(): Promise<void>;
  /** As `close`, for doors that a successor keeps open: nobody is sent away whose request may be on its way. */
  handOver(): Promise<void>;
  /** Ends what is still open. */
  destroy(): void;
};

/** The groups and what they live on. */
export type House<C> = {
  readonly pool: GroupPool;
  /** Has the groups follow the configuration that has come into force. */
  reload(next: C): Promise<PoolReload>;
  /** Removes what the groups lived on, after they have ended. */
  close(): Promise<void>;
};

export type SupervisorDeps<C extends Configuration> = {
  /** Reads settings and Apache's configuration; never throws. */
  readonly read: () => Reading<C>;
  /** Makes the pool; plans are made from the configuration in force when a group first starts. */
  readonly openHouse: (current: () => C) => Promise<House<C>>;
  /** Before the doors open: has ready what must not be cold; rejects where the doors must not be opened. */
  readonly warmUp: (current: C, pool: GroupPool) => Promise<void>;
  readonly openDoors: (current: C, pool: GroupPool) => Promise<Doors<C>>;
  /** Starts groups ahead of their first request; the doors are open already, so that no group waits for another. */
  readonly preload: (current: C, pool: GroupPool) => Promise<void>;
  /** Told before a reload begins and after it has ended; neither rejects. */
  readonly reloadBegins: () => Promise<void>;
  readonly reloadEnded: (outcome: ReloadOutcome) => Promise<void>;
};

export type SupervisorState = 'new' | 'starting' | 'ready' | 'draining' | 'stopped';

export class Supervisor<C extends Configuration> {
  readonly #deps: SupervisorDeps<C>;
  #state: SupervisorState = 'new';
  #current: C | undefined;
  #house: House<C> | undefined;
  #doors: Doors<C> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #lastReload: Promise<unknown> = Promise.resolve();
  /** The reload that has not begun: whoever wants one meanwhile joins it. */
  #nextReload: { trigger: ReloadTrigger; readonly outcome: Promise<ReloadOutcome> } | undefined;
  #fingerprint: string | undefined;

  constructor(deps: SupervisorDeps<C>) {
    this.#deps = deps;
  }

  get state(): SupervisorState {
    return this.#state;
  }

  /** What is in force; undefined until the configuration has been read. */
  get current(): C | undefined {
    return this.#current;
  }

  get pool(): GroupPool | undefined {
    return this.#house?.pool;
  }

  /** Reads the configuration and opens nothing yet: what is wrong with it is told before anything else. */
  load(): C {
    if (this.#current !== undefined) return this.#current;
    const { fingerprint, result } = this.#deps.read();
    if (result.kind === 'refused') throw result.error;
    this.#fingerprint = fingerprint;
    this.#current = result.configuration;
    return this.#current;
  }

  /** Resolves when requests are served; on failure what was opened is closed again and the error is passed on. */
  start(): Promise<void> {
    return this.#oneAtATime(async () => {
      this.#state = 'starting';
      try {
        await this.#open();
        this.#state = 'ready';
      } catch (error) {
        await this.#close(0, 'close');
        throw error;
      }
    });
  }

  /** Reads the configuration anew and puts it in force, or leaves everything as it is; never rejects. */
  reload(trigger: ReloadTrigger): Promise<ReloadOutcome> {
    const waiting = this.#nextReload;
    if (waiting !== undefined) {
      if (trigger === 'operator') waiting.trigger = trigger;
      return waiting.outcome;
    }
    const outcome = this.#lastReload.then(() => this.#beginReload());
    this.#nextReload = { trigger, outcome };
    this.#lastReload = outcome.catch(() => undefined);
    return outcome;
  }

  /**
   * Runs a step between two reloads; when it returns true this sidecar is done: it reloads nothing more, and `stop` is to
   * follow. A reload meanwhile would open doors that a successor knows nothing of.
   */
  async betweenReloads(step: () => Promise<boolean>): Promise<void> {
    const done = this.#lastReload.then(async () => {
      if ((await step()) && this.#state === 'ready') this.#state = 'draining';
    });
    this.#lastReload = done.catch(() => undefined);
    await done;
  }

  /** No new requests; those in flight have `drainTimeoutMs`, then they are ended, and the groups with them. */
  stop(drainTimeoutMs: number, how: 'close' | 'handOver' = 'close'): Promise<void> {
    if (this.#state === 'ready') this.#state = 'draining';
    return this.#oneAtATime(() => this.#close(drainTimeoutMs, how));
  }

  async #open(): Promise<void> {
    const { openHouse, warmUp, openDoors, preload } = this.#deps;
    const first = this.load();
    this.#house = await openHouse(() => this.#current ?? first);
    await warmUp(first, this.#house.pool);
    this.#doors = await openDoors(first, this.#house.pool);
    await preload(first, this.#house.pool);
  }

  async #beginReload(): Promise<ReloadOutcome> {
    const trigger = this.#nextReload?.trigger ?? 'operator';
    this.#nextReload = undefined;
    const { fingerprint, result } = this.#deps.read();
    // Unchanged is not news, and neither is a mistake that was told already.
    if (trigger === 'watch' && fingerprint === this.#fingerprint) return { kind: 'unchanged' };
    this.#fingerprint = fingerprint;
    await this.#deps.reloadBegins();
    const outcome = result.kind === 'refused' ? result : await this.#apply(result.configuration);
    await this.#deps.reloadEnded(outcome);
    return outcome;
  }

  async #apply(next: C): Promise<ReloadOutcome> {
    try {
      const { opened, closed } = await this.#oneAtATime(() => this.#swap(next));
      // Outside the line: a process that is slow to start must not hold up the end of the sidecar.
      const groups = await this.#followers().reload(next);
      if (this.#state === 'ready') await this.#deps.preload(next, this.#followers().pool);
      return { kind: 'reloaded', groups, opened, closed };
    } catch (cause) {
      const error =
        cause instanceof SidecarError
          ? cause
          : new SidecarError(
              'ERR_INTERNAL',
              `Reload broke off: ${String(cause)}: restart the sidecar and report this`,
              { cause },
            );
      return { kind: 'refused', error };
    }
  }

  /** Nothing has changed when `prepare` fails; from `commit` on everything is new. */
  async #swap(next: C): Promise<DoorsChange> {
    if (this.#state !== 'ready' || this.#doors === undefined)
      throw new SidecarError('ERR_DRAINING', `The sidecar is ${this.#state}: it reloads nothing`);
    const change = await this.#doors.prepare(next);
    this.#current = next;
    change.commit();
    return change;
  }

  #followers(): House<C> {
    if (this.#house === undefined)
      throw new SidecarError('ERR_DRAINING', `The sidecar is ${this.#state}: its groups have ended`);
    return this.#house;
  }

  async #close(drainTimeoutMs: number, how: 'close' | 'handOver'): Promise<void> {
    const [doors, house] = [this.#doors, this.#house];
    this.#doors = undefined;
    if (doors !== undefined) await within(drainTimeoutMs, doors[how](), () => doors.destroy());
    if (house !== undefined) {
      await house.pool.stop();
      await house.close();
    }
    this.#house = undefined;
    this.#state = 'stopped';
  }

  #oneAtATime<T>(step: () => Promise<T>): Promise<T> {
    const result = this.#last.then(step);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

/** Waits for the end, and forces it when the time is up. */
async function within(timeoutMs: number, end: Promise<void>, force: () => void): Promise<void> {
  const timer = setTimeout(force, timerMs(timeoutMs));
  try {
    await end;
  } finally {
    clearTimeout(timer);
  }
}
