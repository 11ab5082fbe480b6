/**
 * One request, resolved: what Apache would do with it and, where mod_wsgi answers, in which interpreter.
 * Everything here is a value; `resolveRoute` (in `resolve.ts`) is pure but for the injected `FileProbe`.
 */
import type { Diagnostic } from '../apache/diagnostic.ts';
import type { Mount, VirtualHost } from '../site/model.ts';
import type { GroupIdentity, GroupKey } from './group-key.ts';

/** A request as it arrived, seen from where Apache would have stood. Strings are byte strings. */
export type RouteRequest = {
  /** The local end of the connection as Apache would have it: the listener's `as`, or the socket's own. */
  readonly localAddress: string;
  readonly localPort: number;
  /** Whether the client spoke TLS (to the front). */
  readonly tls: boolean;
  readonly method: string;
  /** The request target as it came. */
  readonly target: string;
  /** The minor version of HTTP/1.x. */
  readonly minorVersion: number;
  /** Flat list of names and values in the order received. */
  readonly rawHeaders: readonly string[];
  /** The client's address after trusted forwarding headers; empty for a Unix socket without them. */
  readonly remoteAddress: string;
};

/** How `resolveRoute` looks at files; injected, so that routing stays a calculation. */
export type FileProbe = {
  kind(path: string): 'file' | 'directory' | 'other' | 'missing' | 'denied';
  /** More about a path; where it is absent, files have something in them, run, and are no links. */
  details?(path: string): FileDetails | undefined;
  /** The names in a folder; where it is absent, they are not known. */
  list?(folder: string): readonly string[];
  /** What a `WSGIDispatchScript` says to an environ; absent where nothing can run Python. */
  dispatch?(question: DispatchQuestion): DispatchAnswer;
  /** Told that such a script is not there and was passed over. */
  dispatchMissing?(script: string): void;
};

/** What conditions on files ask for besides the kind. */
export type FileDetails = {
  readonly isEmpty: boolean;
  /** Whether anybody may execute it: files, and folders too. */
  readonly isExecutable: boolean;
  /** Whether the path itself is a symbolic link, whatever it leads to. */
  readonly isLink: boolean;
  /** Whether the owner of the link is that of what it leads to; true for what is no link. */
  readonly isOwnersLink: boolean;
};

/** What a dispatch script is asked. Byte strings. */
export type DispatchQuestion = {
  readonly script: string;
  /** The template of the interpreter that it runs in, as the configuration has it; empty for the main one. */
  readonly applicationGroup: string;
  readonly environ: ReadonlyMap<string, string>;
};

/** What a dispatch script says; a name that it leaves alone is absent. Byte strings. */
export type DispatchAnswer =
  | {
      readonly kind: 'names';
      readonly processGroup?: string;
      readonly applicationGroup?: string;
      readonly callableObject?: string;
    }
  /** It could not be loaded, which mod_wsgi passes over. */
  | { readonly kind: 'not-loaded' }
  /** It raised, or returned something that is no name: 500. */
  | { readonly kind: 'failed' }
  /** Nobody has asked it yet: whoever does resolves the request once more with the answer. */
  | { readonly kind: 'not-asked' };

/** What every answer has. */
export type RouteBase = {
  readonly virtualHost: VirtualHost;
  /** The decoded, normalised path that Apache calls `r->uri`. */
  readonly path: string;
  /** Without `?`; empty when there is none. */
  readonly query: string;
  /** SERVER_NAME and SERVER_PORT by `UseCanonicalName`. */
  readonly serverName: string;
  readonly serverPort: number;
  /** The status that this answers by an `ErrorDocument`; absent for a request of its own. */
  readonly errorStatus?: number;
};

/** The names that the real server would have used, where admission serves a request under others. */
export type FoldedName = {
  readonly processGroup: string;
  readonly applicationGroup: string;
  readonly reason: 'minted_port';
};

/** What Apache's access control says here, as far as the sidecar enforces it (DESIGN: "Access control"). */
export type Access =
  | { readonly kind: 'granted' }
  /** Refused by a rule that is enforced here: 403. */
  | { readonly kind: 'denied'; readonly rule: Diagnostic }
  /** Protected in a way that is not enforced here: only behind a declared front, else 403. */
  | { readonly kind: 'front-only'; readonly rule: Diagnostic };

/** What headers of a trusted front change in the environ, over everything else in it. */
export type EnvironChanges = {
  readonly set: ReadonlyMap<string, string>;
  readonly unset: ReadonlySet<string>;
};

/** Answered by a WSGI application. */
export type WsgiRoute = RouteBase & {
  readonly kind: 'wsgi';
  readonly mount: Mount;
  readonly scriptFilename: string;
  readonly scriptName: string;
  readonly pathInfo: string;
  readonly identity: GroupIdentity;
  readonly key: GroupKey;
  readonly callableObject: string;
  readonly documentRoot: string;
  /** `SetEnv`, `SetEnvIf`, `PassEnv` in force for this request, last value per name. */
  readonly environment: ReadonlyMap<string, string>;
  readonly options: MountOptions;
  readonly access: Access;
  /** `WSGIHandlerScript`: the script that answers for `scriptFilename`. */
  readonly handlerScript?: string;
  /** `WSGITrustedProxyHeaders` at work; the names of the group do not see it. */
  readonly environChanges?: EnvironChanges;
  /** Present where the group is not the one that mod_wsgi would have named. */
  readonly folded?: FoldedName;
};

/** The per-mount switches of mod_wsgi after the merge of scopes. */
export type MountOptions = {
  readonly passAuthorization: boolean;
  readonly chunkedRequest: boolean;
  readonly scriptReloading: boolean;
  /** WSGIIgnoreActivity: its requests do not keep an idle process from its end. */
  readonly ignoreActivity: boolean;
  /** LimitRequestBody; 0 is none, undefined where nothing is said. */
  readonly bodyLimitBytes: number | undefined;
  /** HEAD reaches the application as GET. */
  readonly mapHeadToGet: boolean;
  readonly serverAdmin: string;
};

/** A file that Apache would answer itself. */
export type FileRoute = RouteBase & {
  readonly kind: 'file';
  readonly filename: string;
  /** The folder that a symlink may not lead out of. */
  readonly root: string;
  readonly access: Access;
};

/** `Redirect` and mod_dir's slash. */
export type RedirectRoute = RouteBase & {
  readonly kind: 'redirect';
  readonly status: number;
  readonly location: string;
  /** As for files, where the place was entered: a redirect tells that something is there. */
  readonly access?: Access;
};

/** Nothing to serve: Apache's own status, and why. */
export type NoRoute = {
  readonly kind: 'none';
  readonly status: number;
  /** Metric label: bad_host, target, not_found, not_wsgi, forbidden, restricted, unresolved, minted_port, from_request … */
  readonly reason: string;
  readonly message: string;
  readonly virtualHost?: VirtualHost;
};

export type Route = WsgiRoute | FileRoute | RedirectRoute | NoRoute;
