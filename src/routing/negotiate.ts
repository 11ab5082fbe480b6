/** mod_negotiation's MultiViews. */
import type { PipelineResult } from './pipeline.ts';
import type { RequestState } from './request-state.ts';

/** The state with a variant in place of a name without extension; undefined where nothing is negotiated. */
export function negotiate(_state: RequestState): PipelineResult | undefined {
  return undefined;
}
