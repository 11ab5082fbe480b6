/** mod_rewrite's rules of a place, after the file is known (`hook_fixup()`): a change starts the request over. */

import type { RewriteRules } from '../site/rewrite.ts';
import { hasOption } from '../site/scope.ts';
import { documentRootOf } from './document-root.ts';
import { type RequestState, type Stop, stop } from './request-state.ts';
import { applyRules } from './rewrite-rules.ts';
import { proxyStop, redirectByRewrite } from './rewrite-server.ts';

/** What rules of a place ask for: to start over for another target. */
export type PlaceRewrite = { readonly target: string };

/** Applies the rules of the place; undefined where none changes anything. */
export function rewritePlace(state: RequestState): Stop | PlaceRewrite | undefined {
  const { rewrite } = state.scope;
  const directory = rewrite?.directory;
  if (rewrite?.engine !== true || directory === undefined || state.rewriteEnded) return undefined;
  const before = state.filename;
  if (rewrite.options?.has('allownoslash') !== true && `${before}/` === directory) return undefined;
  const mayFollow =
    hasOption(state.scope.options, 'followsymlinks') ||
    hasOption(state.scope.options, 'symlinksifownermatch');
  if (!mayFollow)
    return stop(403, 'forbidden', 'Options FollowSymLinks is off, which forbids rewriting here');
  const outcome = applyRules(state, rewrite, directory);
  if (outcome.kind === 'stop') return outcome.stop;
  if (outcome.kind === 'unchanged') {
    state.filename = before;
    return undefined;
  }
  if (outcome.isProxied) return proxyStop(state);
  if (outcome.redirect !== undefined && !outcome.isPassThrough) {
    replaceBase(state, rewrite);
    return redirectByRewrite(state, outcome);
  }
  return startOver(state, rewrite, before);
}

/** In a redirect the folder of the place stands for its URL, where `RewriteBase` gives one. */
function replaceBase(state: RequestState, { base, directory = '' }: RewriteRules): void {
  const match = /^([a-z][a-z0-9+.-]*:\/\/[^/]*)(\/.*)$/is.exec(state.filename ?? '');
  if (base === undefined || match === null) return;
  state.filename = (match[1] as string) + replacePrefix(match[2] as string, directory, base);
}

function startOver(
  state: RequestState,
  rewrite: RewriteRules,
  before: string | undefined,
): Stop | PlaceRewrite | undefined {
  const filename = state.filename ?? '';
  if (!filename.startsWith('/'))
    return stop(400, 'target', `RewriteRule leads to "${filename}", which is no path`);
  // The same file again would never end.
  if (filename === before) return undefined;
  const { context } = state;
  let path = filename;
  if (rewrite.base !== undefined) path = replacePrefix(path, rewrite.directory ?? '', rewrite.base);
  else {
    const root = documentRootOf(state).replace(/\/$/, '');
    if (path.startsWith(`${root}/`)) path = path.slice(root.length);
  }
  if (path === filename && context !== undefined && rewrite.options?.has('ignorecontextinfo') !== true) {
    path = replacePrefix(path, context.root, context.prefix);
  }
  if (state.forced?.handler !== undefined) {
    // The forced handler takes the place of the one that would start the request over (`hook_mimetype()`).
    state.filename = `redirect:${path}`;
    return undefined;
  }
  state.filename = before;
  return { target: path + (state.args === undefined ? '' : `?${state.args}`) };
}

/** mod_rewrite `subst_prefix_path()`. */
function replacePrefix(path: string, prefix: string, replacement: string): string {
  const plain = prefix.replace(/\/$/, '');
  if (!path.startsWith(`${plain}/`)) return path;
  const slash = replacement.endsWith('/') || replacement === '' ? '' : '/';
  return replacement + slash + path.slice(plain.length + 1);
}
