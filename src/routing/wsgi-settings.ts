import type { HandlerScript, Setting } from '../site/scope.ts';
import { type WsgiPlace, wsgiPlace } from '../site/wsgi-place.ts';
import type { RequestState } from './request-state.ts';

/** The templates and switches in force: inline options of the alias above the place above the server. */
export type WsgiSettings = {
  readonly scope: WsgiPlace;
  readonly processGroup: Setting<string> | undefined;
  readonly applicationGroup: Setting<string> | undefined;
  readonly callableObject: string | undefined;
  /** Where the callable is taken as it stands. */
  readonly isCallableLiteral: boolean;
  readonly passAuthorization: boolean;
};

/** The settings of a request that has come to its script. */
export function wsgiSettings(state: RequestState, handlerScript: HandlerScript | undefined): WsgiSettings {
  const scope = wsgiPlace(state.site.memo, state.host, state.scope);
  const isAliased = handlerScript === undefined && state.forcedType === 'wsgi-script';
  const inline = handlerScript ?? (isAliased ? state.scriptAlias : undefined);
  const literal =
    handlerScript === undefined
      ? isAliased
        ? state.scriptAlias?.callableObject
        : undefined
      : 'handle_request';
  return {
    scope,
    processGroup: inline?.processGroup ?? scope.processGroup,
    applicationGroup: inline?.applicationGroup ?? scope.applicationGroup,
    callableObject: literal ?? scope.callableObject?.value,
    isCallableLiteral: literal !== undefined,
    passAuthorization: inline?.passAuthorization ?? scope.passAuthorization ?? false,
  };
}
