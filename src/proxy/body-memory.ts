/**
 * Keeps the memory of passing bodies flat. Each read of a socket is a buffer outside V8's heap; a minor collection frees them, but
 * V8 makes one only when its own young heap is full, which bodies hardly touch. Left alone, a cold sidecar grew by up to 68 MiB
 * during 1 GiB; asked to collect now and then, by 36 to 44 MiB at the same speed (test/integration/bodies.test.ts holds the bound).
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const COLLECT_EVERY_BYTES = 4 * 1024 * 1024;

type Collect = (options: { readonly type: 'minor'; readonly execution: 'sync' }) => void;

const collect = findCollector();
let passedBytes = 0;

/** Tells of a piece of a body, in bytes, that has been handed on. */
export function bodyPassed(bytes: number): void {
  passedBytes += bytes;
  if (passedBytes < COLLECT_EVERY_BYTES) return;
  passedBytes = 0;
  collect({ type: 'minor', execution: 'sync' });
}

/** V8's own `gc`, which only a context made while the flag is set gets to see. */
function findCollector(): Collect {
  setFlagsFromString('--expose-gc');
  const found = runInNewContext('gc') as Collect;
  setFlagsFromString('--no-expose-gc');
  return found;
}
