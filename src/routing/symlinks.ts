/** Symbolic links on the way to a file, where `Options` does not let Apache follow them (httpd `resolve_symlink()`). */
import { mergeRemembered } from '../site/merge-cache.ts';
import { hasOption } from '../site/scope.ts';
import { walkDirectories } from '../site/walk.ts';
import { type RequestState, type Stop, stop } from './request-state.ts';

/** The refusal of a path of which a part is a link that the folder above does not allow. */
export function refuseLinks(state: RequestState, filename: string): Stop | undefined {
  const { host, probe } = state;
  if (!host.watchesLinks || probe.details === undefined) return undefined;
  for (let at = 1; at > 0 && at < filename.length; at = filename.indexOf('/', at) + 1) {
    const end = filename.indexOf('/', at);
    const path = end === -1 ? filename : filename.slice(0, end);
    const details = probe.details(path);
    if (details?.isLink !== true) {
      if (end === -1) break;
      continue;
    }
    const folder = filename.slice(0, at);
    const { options } = mergeRemembered(host.merges, host.defaults, walkDirectories(host, folder, folder));
    const byOwner = hasOption(options, 'symlinksifownermatch');
    const isAllowed = byOwner ? details.isOwnersLink : hasOption(options, 'followsymlinks');
    if (!isAllowed)
      return stop(403, 'forbidden', `"${path}" is a symbolic link, which Options does not allow`);
    if (end === -1) break;
  }
  return undefined;
}
