/** Which names may become groups (DESIGN law 2): a client can name a port or send a value, and each new name would cost a process. */

import { type RequestState, type Stop, stop } from './request-state.ts';
import type { FoldedName } from './route.ts';
import type { GroupNames } from './wsgi-names.ts';

/** The names that the request is served under. */
export type Admitted = {
  readonly processGroup: string;
  readonly applicationGroup: string;
  /** What the real server would have called it, where that is not what it is served under. */
  readonly folded?: FoldedName;
};

/** The names of the group, folded to a declared port where the settings say so, or the refusal. */
export function admit(state: RequestState, names: GroupNames): Admitted | Stop {
  const plain = { processGroup: names.processGroup.name, applicationGroup: names.applicationGroup.name };
  const fromRequest = checkFromRequest(state, names);
  if (fromRequest !== undefined) return fromRequest;
  const { unknownPort } = state.site.options;
  if (unknownPort === 'admit' || state.host.declaredPorts.has(names.port)) return plain;
  const other = names.withPort(declaredPort(state));
  const dependsOnPort =
    other.processGroup !== plain.processGroup || other.applicationGroup !== plain.applicationGroup;
  if (!dependsOnPort) return plain;
  if (unknownPort === 'refuse') {
    return stop(
      421,
      'minted_port',
      `The port ${names.port} is declared nowhere, and the group's name holds it`,
    );
  }
  state.trace?.({
    step: 'admission',
    text: `Port ${names.port} is declared nowhere: "${plain.applicationGroup}" is served as "${other.applicationGroup}"`,
  });
  return { ...other, folded: { ...plain, reason: 'minted_port' } };
}

/** The port that names have where the client names none. */
function declaredPort({ host }: RequestState): number {
  return host.port || (host.scheme === 'https' ? 443 : 80);
}

function checkFromRequest(state: RequestState, names: GroupNames): Stop | undefined {
  if (state.site.options.expandFromRequest) return undefined;
  const minted = [names.processGroup, names.applicationGroup].find(({ isFromRequest }) => isFromRequest);
  if (minted === undefined) return undefined;
  const message = `A value of the request would name the group "${minted.name}" (expandFromRequest is off)`;
  return stop(404, 'from_request', message);
}
