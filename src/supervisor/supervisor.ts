/**
 * The life of a sidecar: load, open, serve, drain, stop. Owns the current Site and the GroupPool; the doors (listeners) are
 * opened by a function of the composition, because this folder knows no proxy. Start and stop are done one at a time.
 * Requests hold what they resolved from one Site: a new one is swapped in by reference, and never changes an old request.
 */
import type { GroupPool } from '../groups/pool.ts';
import type { Site } from '../site/model.ts';

/** Where requests come in. */
export type Doors = {
  /** Takes no new requests; resolves when the last answer has ended. */
  close(): Promise<void>;
  /** Ends what is still open. */
  destroy(): void;
};

/** The groups and what they live on. */
export type House = {
  readonly pool: GroupPool;
  /** Removes what the groups lived on, after they have ended. */
  close(): Promise<void>;
};

export type SupervisorDeps = {
  /** Reads Apache's configuration; throws a SidecarError when it cannot be used. */
  readonly loadSite: () => Site;
  /** Makes the pool; plans are made from the site that is current when a group first starts. */
  readonly openHouse: (currentSite: () => Site) => Promise<House>;
  readonly openDoors: (currentSite: () => Site, pool: GroupPool) => Promise<Doors>;
  /** Starts groups ahead of their first request; the doors are open already, so that no group waits for another. */
  readonly preload: (site: Site, pool: GroupPool) => Promise<void>;
};

export type SupervisorState = 'new' | 'starting' | 'ready' | 'draining' | 'stopped';

export class Supervisor {
  readonly #deps: SupervisorDeps;
  #state: SupervisorState = 'new';
  #site: Site | undefined;
  #house: House | undefined;
  #doors: Doors | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(deps: SupervisorDeps) {
    this.#deps = deps;
  }

  get state(): SupervisorState {
    return this.#state;
  }

  /** The site in force; undefined until the configuration has been read. */
  get site(): Site | undefined {
    return this.#site;
  }

  get pool(): GroupPool | undefined {
    return this.#house?.pool;
  }

  /** Reads the configuration and opens nothing yet: what is wrong with it is told before anything else. */
  load(): void {
    this.#site ??= this.#deps.loadSite();
  }

  /** Resolves when requests are served; on failure what was opened is closed again and the error is passed on. */
  start(): Promise<void> {
    return this.#oneAtATime(async () => {
      this.#state = 'starting';
      try {
        await this.#open();
        this.#state = 'ready';
      } catch (error) {
        await this.#close(0);
        throw error;
      }
    });
  }

  /** No new requests; those in flight have `drainTimeoutMs`, then they are ended, and the groups with them. */
  stop(drainTimeoutMs: number): Promise<void> {
    if (this.#state === 'ready') this.#state = 'draining';
    return this.#oneAtATime(() => this.#close(drainTimeoutMs));
  }

  async #open(): Promise<void> {
    const { loadSite, openHouse, openDoors, preload } = this.#deps;
    let site = this.#site ?? loadSite();
    this.#site = site;
    const currentSite = (): Site => {
      site = this.#site ?? site;
      return site;
    };
    this.#house = await openHouse(currentSite);
    this.#doors = await openDoors(currentSite, this.#house.pool);
    await preload(site, this.#house.pool);
  }

  async #close(drainTimeoutMs: number): Promise<void> {
    const [doors, house] = [this.#doors, this.#house];
    this.#doors = undefined;
    if (doors !== undefined) await closeWithin(doors, drainTimeoutMs);
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

async function closeWithin(doors: Doors, timeoutMs: number): Promise<void> {
  const closed = doors.close();
  const timer = setTimeout(() => doors.destroy(), timeoutMs);
  try {
    await closed;
  } finally {
    clearTimeout(timer);
  }
}
