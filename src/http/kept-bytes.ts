/** Bytes of a connection that have been read and not yet been used, in one piece. */

const NOTHING: Buffer = Buffer.alloc(0);

/** Grows by doubling: a client that sends a byte at a time costs no copy of all for each. */
export class KeptBytes {
  #store: Buffer = NOTHING;
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  /** Those that are kept; hold only until the next `add`. */
  view(): Buffer {
    return this.#store.subarray(this.#start, this.#end);
  }

  /** Copies bytes behind those that are there. What was kept before all was dropped is not written over: others may hold it. */
  add(bytes: Buffer): void {
    if (this.length === 0) {
      this.#store = Buffer.from(bytes);
      this.#end = bytes.length;
      return;
    }
    if (this.#end + bytes.length > this.#store.length) this.#grow(bytes.length);
    this.#end += bytes.copy(this.#store, this.#end);
  }

  /** Forgets the first of them. */
  drop(count: number): void {
    this.#start += count;
    if (this.length > 0) return;
    this.#store = NOTHING;
    this.#start = 0;
    this.#end = 0;
  }

  #grow(more: number): void {
    const bytes = this.view();
    this.#store = Buffer.allocUnsafe(2 * (bytes.length + more));
    this.#end = bytes.copy(this.#store);
    this.#start = 0;
  }
}
