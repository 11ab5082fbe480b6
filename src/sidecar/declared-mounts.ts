/** Mounts that answer nothing but 500, because their process group is not there or not theirs. Byte strings. */
import type { Diagnostic } from '../apache/diagnostic.ts';
import { shutMounts } from '../routing/process-group-access.ts';
import type { Site } from '../site/model.ts';

/** One finding for each such mount and reason: Apache starts with them, too. */
export function judgeMounts(site: Site): readonly Diagnostic[] {
  return shutMounts(site).map(({ mount: { mountPoint, position }, problem }) => ({
    severity: 'warning',
    id: 'process-group-closed',
    position,
    directive: 'WSGIScriptAlias',
    message: `Requests of "${mountPoint}" get 500, as under Apache: ${problem}`,
    advice: 'Name another process group for it, or define or allow this one',
  }));
}
