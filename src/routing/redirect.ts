/** mod_alias's redirects and URLs that Apache makes of itself (`try_alias_list()`, `ap_construct_url()`). */
import type { Alias } from '../site/alias.ts';
import { substituteGroups } from '../site/regex.ts';
import { hitAlias } from './alias-match.ts';
import { escapeUri } from './escape.ts';
import { evaluateText } from './expression.ts';
import { type RequestState, type Stop, stop } from './request-state.ts';
import { serverName, serverPort } from './server-port.ts';

/** The answer of the first redirect that takes the path: those of the place by expression, then the list. */
export function redirectByAlias(
  state: RequestState,
  redirects: readonly Alias[] | undefined,
): Stop | undefined {
  const { locationRedirect } = state.scope;
  if (locationRedirect !== undefined) {
    const target =
      locationRedirect.target === undefined ? '' : escapeUrl(evaluateText(state, locationRedirect.target));
    return redirectTo(state, locationRedirect.status, target, 'Redirect of the section');
  }
  for (const alias of redirects ?? []) {
    const target = redirectTarget(state, alias);
    if (target === undefined) continue;
    state.trace?.({
      step: 'redirect',
      text: `${alias.title} answers ${alias.status}`,
      position: alias.position,
    });
    return redirectTo(state, alias.status, target, alias.title);
  }
  return undefined;
}

function redirectTarget(state: RequestState, alias: Alias): string | undefined {
  if (alias.match.kind === 'unknown') state.unresolved ??= alias.match.rule;
  const hit = hitAlias(alias.match, state.uri);
  if (hit === undefined) return undefined;
  if (hit.groups === undefined) return (alias.real ?? '') + escapeUri(state.uri.slice(hit.length));
  return alias.real === undefined ? '' : escapeUrl(substituteGroups(alias.real, hit.groups));
}

/** Escapes a URL but for its query and fragment; a port that the scheme has anyway goes (`apr_uri_unparse()`). */
function escapeUrl(url: string): string {
  const rest = url.search(/[?#]/);
  const path = (rest === -1 ? url : url.slice(0, rest)).replace(
    /^(?:(http:\/\/[^/]*?):(?:80)?|(https:\/\/[^/]*?):(?:443)?)(?=\/|$)/i,
    '$1$2',
  );
  return escapeUri(path) + (rest === -1 ? '' : url.slice(rest));
}

function redirectTo(state: RequestState, status: number, target: string, title: string): Stop {
  const message = `"${title}" answers ${status}`;
  if (status < 300 || status > 399) return { status, reason: 'redirect', message };
  let location = target;
  if (location.startsWith('/') && state.scope.redirectRelative !== true) location = ownUrl(state, location);
  if (!location.startsWith('/') && !/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(location)) {
    return stop(500, 'bad_redirect', `"${title}" leads to "${target}", which is no URL`);
  }
  if (state.args !== undefined && !location.includes('?')) location += `?${state.args}`;
  return { status, reason: 'redirect', message, location };
}

/** A URL of this server for a path. */
export function ownUrl(state: RequestState, path: string): string {
  const { host, scope, hostname } = state;
  const name = serverName({ host, scope, hostname });
  const port = serverPort({ ...state, localPort: state.input.localPort });
  const isStandard = port === (host.scheme === 'https' ? 443 : 80);
  const shown = name.includes(':') ? `[${name}]` : name;
  return `${host.scheme}://${shown}${isStandard ? '' : `:${port}`}${path}`;
}
