/** A computed route beside what the real server's probe said. */
import { displayName } from '../routing/group-key.ts';
import type { Route, WsgiRoute } from '../routing/route.ts';
import type { ProbeNames } from './probe-script.ts';

/** What an answer of the real server says. */
export type RealAnswer =
  | { readonly kind: 'probe'; readonly names: ProbeNames }
  | { readonly kind: 'other'; readonly status: number };

/** One field in which the two differ. */
export type Difference = { readonly field: string; readonly computed: string; readonly real: string };

/** Reasons for which routing leaves a request to Apache, so that there is no name to compare. */
const leftToApache: ReadonlySet<string> = new Set(['unresolved', 'not_wsgi', 'apache_itself']);

/**
 * Whether the route says anything that the real server could contradict. The copy has no access control, so that refusals, and the
 * error documents in their place, are left out.
 */
export function isComparable(route: Route): boolean {
  if (route.kind === 'none') return !leftToApache.has(route.reason);
  return route.errorStatus !== 401 && route.errorStatus !== 403;
}

/** Whether it cannot be computed what the real server does. */
export function isUnresolved(route: Route): boolean {
  return route.kind === 'none' && route.reason === 'unresolved';
}

/** The differences; none where neither is answered by a WSGI application. */
export function differences(route: Route, answer: RealAnswer): readonly Difference[] {
  if (route.kind !== 'wsgi') {
    if (answer.kind === 'other') return [];
    return [
      {
        field: 'answer',
        computed: described(route),
        real: `wsgi, ${displayName(answer.names.applicationGroup)}`,
      },
    ];
  }
  if (answer.kind === 'other') {
    return [{ field: 'answer', computed: described(route), real: `status ${answer.status}` }];
  }
  const computed = namesOf(route);
  return (Object.keys(computed) as (keyof ProbeNames)[])
    .filter((field) => computed[field] !== answer.names[field])
    .map((field) => ({ field, computed: computed[field], real: answer.names[field] }));
}

function described(route: Route): string {
  if (route.kind === 'none') return `status ${route.status}, ${route.message}`;
  return route.kind === 'wsgi' ? `wsgi, ${displayName(namesOf(route).applicationGroup)}` : route.kind;
}

/** As mod_wsgi names things: a group that admission would fold has its own name there. */
function namesOf(route: WsgiRoute): ProbeNames {
  const { identity, folded, environChanges } = route;
  const shown = (name: string, value: string): string => environChanges?.set.get(name) ?? value;
  return {
    applicationGroup: (folded ?? identity).applicationGroup,
    processGroup: (folded ?? identity).processGroup,
    callableObject: route.callableObject,
    scriptName: shown('SCRIPT_NAME', route.scriptName),
    pathInfo: route.pathInfo,
    scriptFilename: route.scriptFilename,
    serverName: shown('SERVER_NAME', route.serverName),
    serverPort: shown('SERVER_PORT', String(route.serverPort)),
  };
}
