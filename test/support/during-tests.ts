/** What the tests of a block share: started before the first of them, ended behind the last. */
import { afterAll, beforeAll } from 'vitest';

/**
 * Called in a `describe` or at the top of a file; the function that comes back gives what `start` made. Several of one block
 * start in the order of their calls and end in the opposite one; where a start fails, those before it still end.
 */
export function duringTests<T>(start: () => T | Promise<T>, end: (started: T) => unknown): () => T {
  let state: { readonly started: T } | undefined;
  beforeAll(async () => {
    state = { started: await start() };
  });
  afterAll(async () => {
    if (state !== undefined) await end(state.started);
  });
  return () => {
    if (state === undefined) throw new Error('Asked for what is there only while tests run');
    return state.started;
  };
}
