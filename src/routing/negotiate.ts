/** mod_negotiation's MultiViews. */
import type { LookUp } from './directory.ts';
import type { PipelineResult, RequestState } from './request-state.ts';

/** The state with a variant in place of a name without extension. */
export function negotiate(state: RequestState, _lookUp: LookUp): PipelineResult {
  return { state, stop: undefined };
}
