/** Who waits, in the order of arrival, with the moment at which each gives up. A pure data structure; moments are those of the clock's `now`. */

/** The handle of an entry, for `remove`. */
export type Ticket<T> = { readonly item: T; readonly sinceMs: number };

/** An entry knows its neighbours, so that anyone may go at once. */
type Entry<T> = Ticket<T> & { before: Entry<T> | undefined; behind: Entry<T> | undefined; isIn: boolean };

/** How many may wait, and how long each, in ms. */
export type WaitingLimits = { readonly length: number; readonly timeoutMs: number };

/** A first-in-first-out list of bounded length whose members all may wait equally long. */
export class WaitingList<T> {
  limits: WaitingLimits;
  #first: Entry<T> | undefined;
  #last: Entry<T> | undefined;
  #depth = 0;

  constructor(limits: WaitingLimits) {
    this.limits = limits;
  }

  get depth(): number {
    return this.#depth;
  }

  /** Undefined when the list is full; `places` are further ones, for who will be served soon. */
  push(item: T, nowMs: number, places = 0): Ticket<T> | undefined {
    if (this.#depth >= this.limits.length + places) return undefined;
    const before = this.#last;
    const entry: Entry<T> = { item, sinceMs: nowMs, before, behind: undefined, isIn: true };
    if (before === undefined) this.#first = entry;
    else before.behind = entry;
    this.#last = entry;
    this.#depth += 1;
    return entry;
  }

  /** Who has waited longest. */
  peek(): Ticket<T> | undefined {
    return this.#first;
  }

  /** Takes out who has waited longest. */
  shift(): Ticket<T> | undefined {
    const first = this.#first;
    if (first !== undefined) this.#unlink(first);
    return first;
  }

  /** False when the entry has left before. */
  remove(ticket: Ticket<T>): boolean {
    const entry = ticket as Entry<T>;
    if (!entry.isIn) return false;
    this.#unlink(entry);
    return true;
  }

  /** When the next entry gives up; undefined when nobody waits. */
  nextDeadlineMs(): number | undefined {
    return this.#first === undefined ? undefined : this.#first.sinceMs + this.limits.timeoutMs;
  }

  /** Takes out who has waited too long. */
  expire(nowMs: number): Ticket<T>[] {
    const expired: Ticket<T>[] = [];
    for (let first = this.#first; first !== undefined; first = this.#first) {
      if (first.sinceMs + this.limits.timeoutMs > nowMs) break;
      this.#unlink(first);
      expired.push(first);
    }
    return expired;
  }

  #unlink(entry: Entry<T>): void {
    const { before, behind } = entry;
    if (before === undefined) this.#first = behind;
    else before.behind = behind;
    if (behind === undefined) this.#last = before;
    else behind.before = before;
    entry.before = undefined;
    entry.behind = undefined;
    entry.isIn = false;
    this.#depth -= 1;
  }
}
