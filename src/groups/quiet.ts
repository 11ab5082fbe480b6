/** Waiting for a group to have nothing to do, as long as its drain may take. */
import type { Clock } from './clock.ts';

export class Quiet {
  readonly #clock: Clock;
  readonly #isQuiet: () => boolean;
  #onQuiet: (() => void) | undefined;

  constructor(clock: Clock, isQuiet: () => boolean) {
    this.#clock = clock;
    this.#isQuiet = isQuiet;
  }

  /** Kept when it is quiet, or when the time is over. */
  async within(timeoutMs: number): Promise<void> {
    if (this.#isQuiet()) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(timeoutMs, resolve);
      this.#onQuiet = () => {
        cancel();
        resolve();
      };
    });
  }

  /** To be called whenever it may have become quiet. */
  look(): void {
    if (this.#onQuiet !== undefined && this.#isQuiet()) this.#onQuiet();
  }
}
