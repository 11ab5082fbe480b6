/**
 * What a configuration means: listeners, virtual hosts, mounts, daemon processes. Read-only data, made by `build.ts`.
 * Everything a request needs is compiled here; `src/routing` only looks things up.
 */
import type { Diagnostic } from '../apache/diagnostic.ts';
import type { SourcePosition } from '../apache/directive.ts';
import type { AddressIndex } from './address-index.ts';
import type { Alias, ScriptAlias } from './alias.ts';
import type { SiteMemo } from './memo.ts';
import type { MergeCache } from './merge-cache.ts';
import type { PathIndex } from './path-index.ts';
import type { ProxyPass } from './proxy-pass.ts';
import type { RewriteRules } from './rewrite.ts';
import type { Scope, ScopeSection } from './scope.ts';
import type { SectionList } from './section-list.ts';
import type { SetEnvIfRule } from './set-env-if.ts';
import type { VirtualRoot } from './virtual-root.ts';

/** Names that differ between mod_wsgi's versions (MODWSGI: "Versions"). */
export type ModWsgiVersion = '4.9' | '5' | '6';

/** Which requests of one name share a process (DESIGN: "The group process"). */
export type Isolation = 'as-configured' | 'per-script' | 'per-mount';

/** `isolation:` of the settings: for everything, or by virtual host (id or ServerName) and mount id. */
export type IsolationSettings = {
  readonly default: Isolation;
  readonly virtualHosts?: Readonly<Record<string, Isolation>>;
  readonly mounts?: Readonly<Record<string, Isolation>>;
};

/** What to do with a port of a `Host` header that no declaration names (DESIGN law 2). */
export type UnknownPort = 'fold' | 'refuse' | 'admit';

/** The settings that change what a configuration means here. */
export type SiteOptions = {
  readonly modWsgiVersion: ModWsgiVersion;
  readonly isolation: IsolationSettings;
  /** Ports that count as declared besides those of Listen, ServerName, virtual host addresses, 80 and 443. */
  readonly ports: readonly number[];
  readonly unknownPort: UnknownPort;
  /** Whether values that a client sends may make group names. */
  readonly expandFromRequest: boolean;
  /** The environment of Apache, for `PassEnv`, `%{ENV:…}` and `osenv()`. Byte strings. */
  readonly environment: Readonly<Record<string, string>>;
  /** The machine's name, which Apache takes where no ServerName stands. */
  readonly hostName: string;
  /** Where relative paths begin. */
  readonly serverRoot: string;
  /** Modules that Apache loads, e.g. `dir_module`; empty where that is not known, which counts as all. */
  readonly modules: ReadonlySet<string>;
};

/** `Listen`: where Apache accepts. */
export type Listener = {
  /** Numeric, or `*`. */
  readonly address: string;
  readonly port: number;
  /** The second argument, e.g. `https`. */
  readonly protocol?: string;
  readonly position: SourcePosition;
};

/** `WSGIDaemonProcess NAME …`: how many processes and threads, as whom. Option names are mod_wsgi's in camelCase. */
export type ProcessGroup = {
  readonly name: string;
  readonly position: SourcePosition;
  /** Undefined when not stated: stating 1 makes `wsgi.multiprocess` true. */
  readonly processes?: number;
  readonly threads: number;
  readonly user?: string;
  readonly group?: string;
  readonly home?: string;
  /** Octal text, e.g. `0022`. */
  readonly umask?: string;
  readonly pythonPath: readonly string[];
  readonly pythonHome?: string;
  readonly lang?: string;
  readonly locale?: string;
  readonly displayName?: string;
  /** Every option as written, for those that later stages honour and for `check`. */
  readonly options: ReadonlyMap<string, string>;
  /** What was written of options that are stated again behind it: judged, and without effect. Absent where there is nothing. */
  readonly overruled?: readonly (readonly [option: string, value: string])[];
  /** The virtual host that defines it; undefined for the main server, which every virtual host sees. */
  readonly definedIn?: string;
};

/** How a request comes to a script. */
export type MountKind = 'alias' | 'alias-match' | 'handler' | 'handler-script' | 'rewrite';

/** One `WSGIScriptAlias` (or other way to a script). */
export type Mount = {
  /** Stable id within the configuration, used as metric label: `www.example.com:/shop`. */
  readonly id: string;
  readonly kind: MountKind;
  /** The URL path, or the pattern, as written. */
  readonly mountPoint: string;
  /** The file, folder or template with `$1` that requests are mapped to; empty where the URL decides. */
  readonly target: string;
  readonly position: SourcePosition;
  /** Id of the virtual host or main server in whose text it stands. */
  readonly virtualHost: string;
};

/** An address of a `<VirtualHost>`. */
export type HostAddress = {
  /** As written: a request for this very name is the virtual host's where no server name matches. */
  readonly text: string;
  /** Numeric, or `*`. */
  readonly address: string;
  /** 0 is any. */
  readonly port: number;
};

/** A `<VirtualHost>` or the main server, with what it inherits merged in. */
export type VirtualHost = {
  /** Stable id within the configuration: `www.example.com:80`. */
  readonly id: string;
  /** `server_hostname`: the ServerName as written without scheme and port. */
  readonly serverName: string;
  /** The same in lower case. */
  readonly lowerName: string;
  readonly position: SourcePosition;
  readonly isMain: boolean;
  readonly addresses: readonly HostAddress[];
  /** `server_rec.port`; 0 is none. */
  readonly port: number;
  readonly aliases: readonly string[];
  /** `ServerPath`: by it a client that sends no name comes here. */
  readonly legacyPath: string | undefined;
  /** What `ap_http_scheme()` says: SSLEngine, or the scheme of ServerName. */
  readonly scheme: 'http' | 'https';
  readonly documentRoot: string;
  /** mod_vhost_alias: document roots by name; undefined where there are none. */
  readonly virtualRoot: VirtualRoot | undefined;
  readonly virtualScripts: VirtualRoot | undefined;
  /** `UserDir`: why paths that begin with `/~` are not known. */
  readonly userFolders: Diagnostic | undefined;
  /** Whether some place does not simply follow symbolic links. */
  readonly watchesLinks: boolean;
  readonly serverRoot: string;
  readonly serverAdmin: string;
  readonly mergeSlashes: boolean;
  readonly encodedSlashes: 'off' | 'on' | 'nodecode';
  /** `HttpProtocolOptions Strict`, the default. */
  readonly strictHost: boolean;
  /** `StrictHostCheck On`: a name that is nobody's is refused. */
  readonly requireKnownHost: boolean;
  readonly traceEnabled: boolean;
  /** `RegisteredMethods`: other methods get 501; as of `Strict`, what the first virtual host of an address says counts for all of them. */
  readonly registeredMethods: boolean;
  /** mod_alias: redirects before aliases, the virtual host's own before the main server's. */
  readonly proxyPasses: PathIndex<ProxyPass>;
  readonly redirects: PathIndex<Alias>;
  readonly fileAliases: PathIndex<Alias>;
  readonly scriptAliases: PathIndex<ScriptAlias>;
  readonly rewrite: RewriteRules | undefined;
  readonly setEnvIf: readonly SetEnvIfRule[];
  /** WSGI directives outside sections: below every section. */
  readonly serverScope: Scope;
  /** Other directives outside sections: what the merge of sections starts with. */
  readonly defaults: Scope;
  /** `<Directory>` in the order of the walk; patterns follow separately. */
  readonly directories: SectionList;
  readonly directoryPatterns: readonly ScopeSection[];
  readonly locations: SectionList;
  /** Whether a place can change the translation of its own path: redirects, aliases and rewriting in sections. */
  readonly hasEarlyScopes: boolean;
  /** Merges of the site's sections so far. */
  readonly merges: MergeCache;
  /** ServerName and the aliases without wildcards, in lower case. */
  readonly declaredNames: ReadonlySet<string>;
  /** Ports that a client may name without making a group of its own (DESIGN law 2). */
  readonly declaredPorts: ReadonlySet<number>;
};

/** `WSGIImportScript`, or a script alias whose groups are literal: imported when the process starts. */
export type ImportScript = {
  readonly script: string;
  readonly processGroup: string;
  readonly applicationGroup: string;
  readonly callableObject: string;
  readonly position: SourcePosition;
};

/** Server-wide Python settings of mod_wsgi. */
export type PythonSettings = {
  readonly pythonHome?: string;
  readonly pythonPath: readonly string[];
  readonly optimize?: string;
  readonly hashSeed?: string;
  readonly warnings: readonly string[];
  readonly eggs?: string;
  readonly dontWriteBytecode: boolean;
  readonly restrictEmbedded: boolean;
  readonly restrictSignal: boolean;
  readonly restrictStdin: boolean;
  readonly restrictStdout: boolean;
  /** False where `WSGICaseSensitivity Off`. */
  readonly caseSensitive: boolean;
};

/** LimitRequestLine, LimitRequestFields and LimitRequestFieldSize of the main server, as far as written. */
export type RequestLimits = {
  readonly lineBytes?: number;
  /** 0 is any number. */
  readonly fields?: number;
  readonly fieldBytes?: number;
};

/** The numbers of Apache's processes, as far as written, which embedded mode runs in. */
export type ServerProcesses = {
  readonly mpm: 'prefork' | 'worker' | 'event' | undefined;
  readonly maxRequestWorkers?: number;
  readonly threadsPerChild?: number;
  readonly user?: string;
  readonly group?: string;
};

/** A whole configuration. */
export type Site = {
  readonly options: SiteOptions;
  readonly listeners: readonly Listener[];
  readonly main: VirtualHost;
  /** In file order, without the main server. */
  readonly virtualHosts: readonly VirtualHost[];
  readonly addresses: AddressIndex;
  readonly mounts: readonly Mount[];
  readonly processGroups: ReadonlyMap<string, ProcessGroup>;
  readonly imports: readonly ImportScript[];
  readonly python: PythonSettings;
  readonly processes: ServerProcesses;
  readonly requestLimits: RequestLimits;
  /** Those that Apache knows by name. */
  readonly methods: ReadonlySet<string>;
  readonly diagnostics: readonly Diagnostic[];
  readonly memo: SiteMemo;
};
