/**
 * fast-check with one seed for everything, so that a run says of a change what the run before said, and a failure comes again.
 * `WSGI_SIDECAR_SEED=N` looks at other cases; `=random` at new ones each time; `WSGI_SIDECAR_RUNS=N` at N times as many.
 */
import fc from 'fast-check';

const USUAL_SEED = 20_261_123;
const USUAL_RUNS = 100;

const { WSGI_SIDECAR_SEED: wanted, WSGI_SIDECAR_RUNS: factor = '1' } = process.env;

/** What all cases of this process come from: as WSGI_SIDECAR_SEED it brings them again. */
export const SEED: number = seedOf(wanted);

fc.configureGlobal({ ...runs(USUAL_RUNS), seed: SEED });

/** The parameters of a property that is usually tried `count` times. */
export function runs(count: number): { numRuns: number } {
  return { numRuns: count * Number(factor) };
}

function seedOf(word: string | undefined): number {
  if (word === undefined) return USUAL_SEED;
  if (word === 'random') return Math.floor(Math.random() * 2 ** 31);
  if (/^-?\d{1,10}$/.test(word)) return Number(word);
  throw new Error(`WSGI_SIDECAR_SEED is "${word}": say "random" or a whole number`);
}

export { fc };
