/** URL paths that nothing maps: files below DocumentRoot (httpd `ap_core_translate()`). */
import { type RequestState, type Stop, stop } from './request-state.ts';

/** The document root of a request (httpd `ap_document_root()`). */
export function documentRootOf({ documentRoot, host }: RequestState): string {
  return documentRoot ?? host.documentRoot;
}

/** Sets the file name, or refuses a path that leaves DocumentRoot, which only a rewriting can make. */
export function placeBelowRoot(state: RequestState, path: string): Stop | undefined {
  const below = path.replace(/^\/+/, '');
  if (leavesRoot(below)) return stop(403, 'forbidden', `The path "${path}" leaves DocumentRoot`);
  state.filename = `${state.host.documentRoot}/${below}`;
  return undefined;
}

function leavesRoot(path: string): boolean {
  if (!path.includes('..')) return false;
  let depth = 0;
  for (const segment of path.split('/')) {
    if (segment === '..') depth -= 1;
    else if (segment !== '' && segment !== '.') depth += 1;
    if (depth < 0) return true;
  }
  return false;
}
