/**
 * What mod_wsgi decides for a script alias, remembered: the same virtual host, sections, script, SCRIPT_NAME and port give the
 * same names and switches, unless a value of the request has a say in them.
 */
import type { Mount, VirtualHost } from '../site/model.ts';
import type { Scope } from '../site/scope.ts';
import type { GroupIdentity, GroupKey } from './group-key.ts';
import type { ProxyTrust } from './proxy-headers.ts';
import type { RequestState } from './request-state.ts';
import type { FoldedName, MountOptions } from './route.ts';
import type { RequestFacts } from './wsgi-names.ts';
import type { WsgiSettings } from './wsgi-settings.ts';

/** What is decided about a request before its route is written. */
export type WsgiAnswer = {
  readonly mount: Mount;
  readonly identity: GroupIdentity;
  readonly key: GroupKey;
  readonly callableObject: string;
  readonly options: MountOptions;
  /** Undefined where no header of a front is trusted. */
  readonly trust: ProxyTrust | undefined;
  readonly folded: FoldedName | undefined;
  readonly handlerScript: string | undefined;
};

/** An answer with all that it was made from, in one object: a mount that was not asked for long is cold memory. */
type Remembered = WsgiAnswer & {
  readonly host: VirtualHost;
  readonly scope: Scope;
  readonly script: string | undefined;
  readonly scriptName: string;
  readonly port: number;
};

/** The answer to the request before, where this one can have no other. */
export function recallAnswer(
  state: RequestState,
  { scriptName, port }: RequestFacts,
): WsgiAnswer | undefined {
  const known = state.scriptAlias?.knownAnswer as Remembered | undefined;
  if (known === undefined || state.trace !== undefined || state.forcedType !== 'wsgi-script')
    return undefined;
  const isSame =
    known.host === state.host &&
    known.scope === state.scope &&
    known.port === port &&
    known.script === state.filename &&
    known.scriptName === scriptName;
  return isSame ? known : undefined;
}

type Decided = {
  readonly facts: RequestFacts;
  readonly settings: WsgiSettings;
  readonly answer: WsgiAnswer;
};

/** Keeps an answer that depends on nothing else of the request. */
export function rememberAnswer(
  { scriptAlias, forcedType, host, scope, filename }: RequestState,
  { facts, settings, answer }: Decided,
): void {
  if (scriptAlias === undefined || forcedType !== 'wsgi-script' || dependsOnRequest(settings)) return;
  // The alias's own text, where it is the same, is in the processor's caches when it is compared.
  const scriptName = scriptAlias.path === facts.scriptName ? scriptAlias.path : facts.scriptName;
  const remembered: Remembered = { host, scope, script: filename, scriptName, port: facts.port, ...answer };
  scriptAlias.knownAnswer = remembered;
}

function dependsOnRequest({ scope, processGroup, applicationGroup, ...settings }: WsgiSettings): boolean {
  const texts = [processGroup?.value, applicationGroup?.value];
  if (!settings.isCallableLiteral) texts.push(settings.callableObject);
  return (
    scope.dispatchScript !== undefined || texts.some((text) => text !== undefined && ofRequest.test(text))
  );
}

/** Templates that a variable or the name in the `Host` header fills. */
const ofRequest = /^%\{(?:ENV:|HOST\})/;
