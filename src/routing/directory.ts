/** mod_dir: the slash of folders, their indexes, and the resource to fall back to. */
import type { PipelineResult } from './pipeline.ts';
import type { RequestState } from './request-state.ts';

/** The state with an index in place of its folder, or a redirect. */
export function findIndex(state: RequestState): PipelineResult {
  if (state.fileKind !== 'directory') return { state, stop: undefined };
  return { state, stop: undefined };
}
