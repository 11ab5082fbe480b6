/** Where the sockets of group processes lie when the settings do not say. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** `/run/wsgi-sidecar` for root, the user's own runtime folder, or one of the user's in the folder for temporary files. */
export function defaultRuntimeDir(environment: Readonly<Record<string, string | undefined>>): string {
  const uid = process.geteuid?.();
  if (uid === 0) return '/run/wsgi-sidecar';
  const own = environment.XDG_RUNTIME_DIR;
  if (own !== undefined && own !== '') return join(own, 'wsgi-sidecar');
  // `prepareRuntimeDir` refuses the folder when someone else has made it.
  return join(tmpdir(), `wsgi-sidecar-${uid ?? 'user'}`);
}
