/** A failure of a group for people: the traceback, how far the start came, and the last words of the process. */
import type { FailureView } from '../../routes/model.ts';
import { visible } from './columns.ts';

/** Lines below a sentence that has told the failure; control characters of foreign text are made visible. */
export function renderFailure({
  traceback,
  steps,
  output,
}: Pick<FailureView, 'traceback' | 'steps' | 'output'>): string {
  const way = (steps ?? []).map(({ step, afterMs }) => `${step} ${Math.round(afterMs)} ms`).join(', ');
  return [
    ...(traceback === undefined ? [] : linesOf(traceback)),
    ...(way === '' ? [] : [`Its start: ${way}`]),
    ...(output === undefined || output.length === 0 ? [] : ['Its last words:', ...output]),
  ]
    .map((line) => `    ${visible(line)}\n`)
    .join('');
}

function linesOf(text: string): string[] {
  return text.trimEnd().split('\n');
}
