/** What mod_wsgi's directives say at a place: those of its sections on top of those of the server outside sections. */

import type { SiteMemo } from './memo.ts';
import { madeRemembered } from './merge-cache.ts';
import type { VirtualHost } from './model.ts';
import type { Scope } from './scope.ts';

type WsgiKey =
  | 'processGroup'
  | 'applicationGroup'
  | 'callableObject'
  | 'dispatchScript'
  | 'restrictProcess'
  | 'handlerScripts'
  | 'passAuthorization'
  | 'scriptReloading'
  | 'chunkedRequest'
  | 'ignoreActivity'
  | 'mapHeadToGet'
  | 'trustedProxyHeaders'
  | 'trustedProxies';

/** mod_wsgi's part of a scope with every key there: objects of one shape are read quickly. */
export type WsgiPlace = { readonly [K in WsgiKey]: Scope[K] | undefined };

/** mod_wsgi's directives in force where `scope` is. */
export function wsgiPlace(memo: SiteMemo, host: VirtualHost, scope: Scope): WsgiPlace {
  return madeRemembered(memo.wsgiPlaces, host.serverScope, scope, overServer);
}

function overServer(server: Scope, place: Scope): WsgiPlace {
  const both: Scope = { ...server, ...place };
  return {
    processGroup: both.processGroup,
    applicationGroup: both.applicationGroup,
    callableObject: both.callableObject,
    dispatchScript: both.dispatchScript,
    restrictProcess: both.restrictProcess,
    handlerScripts: both.handlerScripts,
    passAuthorization: both.passAuthorization,
    scriptReloading: both.scriptReloading,
    chunkedRequest: both.chunkedRequest,
    ignoreActivity: both.ignoreActivity,
    mapHeadToGet: both.mapHeadToGet,
    trustedProxyHeaders: both.trustedProxyHeaders,
    trustedProxies: both.trustedProxies,
  };
}
