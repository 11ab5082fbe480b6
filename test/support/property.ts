/**
 * fast-check with one seed for everything, so that a run says of a change what the run before said, and a failure comes again.
 * `WSGI_SIDECAR_SEED=N` looks at other cases; `=random` at new ones each time.
 */
import fc from 'fast-check';

const USUAL_SEED = 20_261_123;

const { WSGI_SIDECAR_SEED: wanted } = process.env;

if (wanted !== 'random') fc.configureGlobal({ seed: wanted === undefined ? USUAL_SEED : Number(wanted) });

export { fc };
