/** When a program that knows nothing of the sidecar is ready: as soon as it answers. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Place } from '../lease.ts';
import { probe } from './probe.ts';

/** A program on its way. */
export type ProgramWatch = {
  /** Where it can be asked; undefined while there is nothing. */
  readonly find: () => Place | undefined;
  /** What it has to answer well; absent: anything will do. */
  readonly healthPath: string | undefined;
  /** Told what is wrong as long as it is not ready. */
  readonly onProblem: (problem: string) => void;
  /** Aborted at its end. */
  readonly closed: AbortSignal;
};

const FIRST_WAIT_MS = 10;
const LONGEST_WAIT_MS = 250;
const ANSWER_TIMEOUT_MS = 5_000;

/** True when it answers, false when it ended before. */
export async function awaitProgram({ find, healthPath, onProblem, closed }: ProgramWatch): Promise<boolean> {
  const question = {
    timeoutMs: ANSWER_TIMEOUT_MS,
    ...(healthPath === undefined ? {} : { path: healthPath }),
  };
  for (let waitMs = FIRST_WAIT_MS; !closed.aborted; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    const place = find();
    const problem = place === undefined ? 'there is no such socket' : await probe(place, question);
    if (problem === undefined) return true;
    onProblem(problem);
    await delay(waitMs, undefined, { signal: closed }).catch(() => undefined);
  }
  return false;
}
