/** When a process that was to take another's place may not have it: the old serves until the new is ready (DESIGN, law 4). */
import { readable } from '../log.ts';
import type { Chronicle } from './chronicle.ts';
import type { StartFailure, StartResult } from './managed-process.ts';
import type { Member } from './member.ts';

/**
 * The failure of a process that is up but could not import a script that the one it replaces has; undefined when it is
 * as able, or replaces none. Without an old one such a process serves the group's other scripts.
 */
export function brokenDeploy(
  replaced: Member | undefined,
  result: Extract<StartResult, { kind: 'ready' }>,
  chronicle: Chronicle,
): StartFailure | undefined {
  const script = result.failed.find((name) => replaced?.imported.has(name));
  if (replaced === undefined || script === undefined) return undefined;
  const known = chronicle.failureOf(script);
  const because = known === undefined ? '' : `: ${known.message}`;
  return {
    step: 'import',
    message: `Cannot import "${readable(script)}"${because}: process ${replaced.process.pid} goes on serving until the script is mended`,
    ...(known === undefined ? {} : { traceback: known.traceback }),
    journey: result.journey,
  };
}
