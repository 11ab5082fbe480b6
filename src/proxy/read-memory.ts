/**
 * Where one connection to an upstream reads to. Short answers of all connections come into the same memory and are copied; a long one has
 * memory of its own, from which it can leave as it is. Law: what somebody keeps is never read into again.
 */
const READ_BYTES = 65_536;

/** What is read here is used or copied before another connection reads. */
const shared = Buffer.allocUnsafeSlow(READ_BYTES);

/** Lives as long as its connection. */
export class ReadMemory {
  #bytes: Buffer | undefined;
  #wasFilled = false;
  #isKept = false;

  /** What has just been read. */
  read(count: number): Buffer {
    const bytes = this.#bytes ?? shared;
    this.#wasFilled = count === READ_BYTES;
    return this.#wasFilled ? bytes : bytes.subarray(0, count);
  }

  /** Whether what has been read may be kept, by who says so. */
  get mayBeKept(): boolean {
    return this.#bytes !== undefined && this.#bytes !== shared;
  }

  /** Says that a part of what has been read is kept. */
  keep(): void {
    this.#isKept = true;
  }

  /** What is to be read into from now on; undefined where nothing changes. `goesOn`: an answer is under way. */
  next(goesOn: boolean): Buffer | undefined {
    const wanted = this.#wanted(goesOn);
    this.#isKept = false;
    if (wanted === this.#bytes) return undefined;
    this.#bytes = wanted;
    return wanted;
  }

  #wanted(goesOn: boolean): Buffer {
    if (this.#bytes === undefined || !goesOn) return shared;
    if (this.#isKept || (this.#wasFilled && this.#bytes === shared))
      return Buffer.allocUnsafeSlow(READ_BYTES);
    return this.#bytes;
  }
}
