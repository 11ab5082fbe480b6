/**
 * The steps of one start with their times and the child's last output: what an error message and the page tell
 * about a start that failed, and how long each part of a good one took.
 */

import type { Clock, WallTime } from './clock.ts';

/** One step that was reached. */
export type JourneyStep = { readonly step: string; readonly afterMs: number };

/** A start as it went; a value. */
export type JourneyReport = {
  readonly startedAt: WallTime;
  readonly steps: readonly JourneyStep[];
  /** Last lines of stdout and stderr, oldest first. */
  readonly output: readonly string[];
};

const OUTPUT_LINES = 50;
const OUTPUT_LINE_LENGTH = 500;

/** A start under way and the last words of its process; its reports outlive both. */
export class Journey {
  readonly #startedAt: WallTime;
  readonly #startedAtMs: number;
  readonly #clock: Clock;
  readonly #steps: JourneyStep[] = [];
  readonly #output: string[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedAt = clock.wallTime();
    this.#startedAtMs = clock.now();
  }

  enter(step: string): void {
    this.#steps.push({ step, afterMs: this.elapsedMs() });
  }

  addOutput(line: string): void {
    if (this.#output.push(line.slice(0, OUTPUT_LINE_LENGTH)) > OUTPUT_LINES) this.#output.shift();
  }

  elapsedMs(): number {
    return this.#clock.now() - this.#startedAtMs;
  }

  /** The step that is under way. */
  currentStep(): string {
    return this.#steps.at(-1)?.step ?? 'spawn';
  }

  report(): JourneyReport {
    return { startedAt: this.#startedAt, steps: [...this.#steps], output: [...this.#output] };
  }
}
