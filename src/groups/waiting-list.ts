/** Who waits, in the order of arrival, with the time at which each gives up. A pure data structure; times are in ms. */

type Entry<T> = { readonly item: T; readonly since: number };

/** The handle of an entry, for `remove`. */
export type Ticket<T> = Entry<T>;

/** How many may wait, and how long each, in ms. */
export type WaitingLimits = { readonly length: number; readonly timeoutMs: number };

/** A first-in-first-out list of bounded length whose members all may wait equally long. */
export class WaitingList<T> {
  limits: WaitingLimits;
  /** A Set keeps the order of arrival and forgets any entry at once. */
  readonly #entries = new Set<Entry<T>>();

  constructor(limits: WaitingLimits) {
    this.limits = limits;
  }

  get depth(): number {
    return this.#entries.size;
  }

  /** Undefined when the list is full; `places` are further ones, for who will be served soon. */
  push(item: T, now: number, places = 0): Ticket<T> | undefined {
    if (this.#entries.size >= this.limits.length + places) return undefined;
    const entry = { item, since: now };
    this.#entries.add(entry);
    return entry;
  }

  /** Who has waited longest. */
  peek(): Ticket<T> | undefined {
    return this.#entries.values().next().value;
  }

  /** Takes out who has waited longest. */
  shift(): Ticket<T> | undefined {
    const first = this.peek();
    if (first !== undefined) this.#entries.delete(first);
    return first;
  }

  /** False when the entry has left before. */
  remove(ticket: Ticket<T>): boolean {
    return this.#entries.delete(ticket);
  }

  /** When the next entry gives up; undefined when nobody waits. */
  nextDeadline(): number | undefined {
    const first = this.peek();
    return first === undefined ? undefined : first.since + this.limits.timeoutMs;
  }

  /** Takes out who has waited too long. */
  expire(now: number): Ticket<T>[] {
    const expired: Ticket<T>[] = [];
    for (const entry of this.#entries) {
      if (entry.since + this.limits.timeoutMs > now) break;
      this.#entries.delete(entry);
      expired.push(entry);
    }
    return expired;
  }
}
