/**
 * fast-check with one seed for everything, so that a run says of a change what the run before said, and a failure comes again.
 * `WSGI_SIDECAR_SEED=N` looks at other cases; `=random` at new ones each time; `WSGI_SIDECAR_RUNS=N` at N times as many.
 */
import fc from 'fast-check';

const USUAL_SEED = 20_261_123;
const USUAL_RUNS = 100;

const { WSGI_SIDECAR_SEED: wanted, WSGI_SIDECAR_RUNS: factor = '1' } = process.env;

fc.configureGlobal({
  ...runs(USUAL_RUNS),
  ...(wanted === 'random' ? {} : { seed: wanted === undefined ? USUAL_SEED : Number(wanted) }),
});

/** The parameters of a property that is usually tried `count` times. */
export function runs(count: number): { numRuns: number } {
  return { numRuns: count * Number(factor) };
}

export { fc };
