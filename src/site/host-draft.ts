/** A virtual host or the main server while its text is read: what stands in it, nothing inherited yet. */
import type { Diagnostic } from '../apache/diagnostic.ts';
import type { SourcePosition } from '../apache/directive.ts';
import type { Alias, ScriptAlias } from './alias.ts';
import type { ScopeDraft } from './build-context.ts';
import type { HostAddress } from './model.ts';
import type { ProxyPass } from './proxy-pass.ts';
import type { ScopeSection } from './scope.ts';
import type { SetEnvIfRule } from './set-env-if.ts';
import type { VirtualRoot } from './virtual-root.ts';

/** What a server's own text says. */
export type HostDraft = {
  readonly position: SourcePosition;
  readonly isMain: boolean;
  readonly addresses: readonly HostAddress[];
  serverName: string | undefined;
  serverScheme: string | undefined;
  /** `server_rec.port` as far as read. */
  port: number;
  aliases: string[];
  legacyPath: string | undefined;
  documentRoot: string | undefined;
  virtualRoot: VirtualRoot | undefined;
  virtualScripts: VirtualRoot | undefined;
  /** Why paths of users are not known, where `UserDir` maps any. */
  userFolders: Diagnostic | undefined;
  serverAdmin: string | undefined;
  sslEngine: boolean | undefined;
  mergeSlashes: boolean | undefined;
  encodedSlashes: 'off' | 'on' | 'nodecode';
  strictHost: boolean | undefined;
  requireKnownHost: boolean | undefined;
  traceEnabled: boolean | undefined;
  registeredMethods: boolean | undefined;
  readonly proxyPasses: ProxyPass[];
  readonly redirects: Alias[];
  readonly fileAliases: Alias[];
  readonly scriptAliases: ScriptAlias[];
  readonly setEnvIf: SetEnvIfRule[];
  /** mod_wsgi's directives outside sections. */
  readonly serverScope: ScopeDraft;
  readonly defaults: ScopeDraft;
  readonly directories: ScopeSection[];
  readonly locations: ScopeSection[];
};

/** A server of which nothing has been read. */
export function emptyHost(start: Pick<HostDraft, 'position' | 'isMain' | 'addresses' | 'port'>): HostDraft {
  return {
    position: start.position,
    isMain: start.isMain,
    addresses: start.addresses,
    port: start.port,
    serverName: undefined,
    serverScheme: undefined,
    aliases: [],
    legacyPath: undefined,
    documentRoot: undefined,
    virtualRoot: undefined,
    virtualScripts: undefined,
    userFolders: undefined,
    serverAdmin: undefined,
    sslEngine: undefined,
    mergeSlashes: undefined,
    encodedSlashes: 'off',
    strictHost: undefined,
    requireKnownHost: undefined,
    traceEnabled: undefined,
    registeredMethods: undefined,
    proxyPasses: [],
    redirects: [],
    fileAliases: [],
    scriptAliases: [],
    setEnvIf: [],
    serverScope: {},
    defaults: {},
    directories: [],
    locations: [],
  };
}
