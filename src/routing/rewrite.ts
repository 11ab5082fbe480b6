/** mod_rewrite at work. */
import type { RequestState, Stop } from './request-state.ts';

/** Rules outside sections: undefined passes on, `done` has set the file name. */
export function rewriteServer(_state: RequestState): Stop | 'done' | undefined {
  return undefined;
}

/** Rules of the place: `redirect` starts over with the file name. */
export function rewritePlace(_state: RequestState): Stop | 'redirect' | undefined {
  return undefined;
}
