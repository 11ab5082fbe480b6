/**
 * One request on its way through Apache's phases: httpd's `request_rec`, as far as routing needs it.
 * The phases of `pipeline.ts` change it; it never leaves this folder.
 */
import type { Diagnostic } from '../apache/diagnostic.ts';
import type { ScriptAlias } from '../site/alias.ts';
import type { Mount, Site, VirtualHost } from '../site/model.ts';
import type { Scope } from '../site/scope.ts';
import type { Access, FileProbe, RouteRequest } from './route.ts';
import type { VariableTable } from './variable-table.ts';

/** Told what was decided, in Apache's order; absent on the way of a request. */
export type Trace = (step: ExplainStep) => void;

/** One decision, for people. */
export type ExplainStep = {
  /** `virtual-host`, `path`, `rewrite`, `mount`, `section`, `template`, `expansion`, `key`, … */
  readonly step: string;
  readonly text: string;
  readonly position?: { readonly file: string; readonly line: number };
};

/** What is the same for a request and its subrequests. */
export type RequestBase = {
  readonly site: Site;
  readonly probe: FileProbe;
  readonly input: RouteRequest;
  readonly trace: Trace | undefined;
  readonly host: VirtualHost;
  /** `r->hostname`; undefined for HTTP/1.0 without a name. */
  readonly hostname: string | undefined;
  /** `r->parsed_uri.port`, where the request names one. */
  readonly requestPort: number | undefined;
  /** What replaces the `Host` header where the target names the host. */
  readonly targetHost: string | undefined;
};

/** httpd's `request_rec`. */
export type RequestState = RequestBase & {
  method: string;
  /** The path before decoding, as `r->unparsed_uri` has it with the query. */
  readonly unparsed: string;
  /** `r->uri`. */
  uri: string;
  /** `r->args`; undefined is none. */
  args: string | undefined;
  filename: string | undefined;
  pathInfo: string;
  fileKind: 'file' | 'directory' | 'other' | 'missing';
  /** `r->per_dir_config`. */
  scope: Scope;
  handler: string | undefined;
  contentType: string | undefined;
  /** The mount of a handler that a directive sets. */
  handlerMount: Mount | undefined;
  /** The mount of a content type that is mod_wsgi's. */
  typeMount: Mount | undefined;
  /** The script alias that translated the path. */
  scriptAlias: ScriptAlias | undefined;
  /** What the alias left of the path, where its target stands in the file name as it is. */
  aliasRest: string | undefined;
  /** Note `alias-forced-type`. */
  forcedType: string | undefined;
  /** `r->used_path_info`. */
  acceptPathInfo: 'on' | 'off' | 'default';
  /** `r->subprocess_env`. */
  variables: VariableTable;
  /** What mod_env sets, behind what stands in `variables`. */
  placeVariables: VariableTable;
  /** Whether this looks up an index or the like for another request. */
  readonly isSubrequest: boolean;
  /** Internal redirects and subrequests so far. */
  readonly depth: number;
  /** What the access rules of the place say. */
  access: Access;
  /** Type and handler that a `RewriteRule` forces (`[T]`, `[H]`). */
  forced:
    | {
        readonly type: string | undefined;
        readonly handler: string | undefined;
        readonly mount: Mount | undefined;
      }
    | undefined;
  /** What mod_rewrite's rules outside sections did, once they ran. */
  rewritten: 'changed' | 'unchanged' | undefined;
  /** `[END]` of mod_rewrite: no further rule is applied to the request. */
  rewriteEnded: boolean;
  /** Where rules of the place send a look-up, once it is taken. */
  pendingRedirect: string | undefined;
  /** Prefix and folder of the alias that translated the path (`ap_set_context_info()`). */
  context: { readonly prefix: string; readonly root: string } | undefined;
  /** mod_vhost_alias: what takes the place of the virtual host's DocumentRoot. */
  documentRoot: string | undefined;
  /** Why the route cannot be known, once that is so. */
  unresolved: Diagnostic | undefined;
  /** The status that this answers by an `ErrorDocument`. */
  readonly errorStatus: number | undefined;
};

/** What ends a request before a handler is chosen. */
export type Stop = {
  readonly status: number;
  readonly reason: string;
  readonly message: string;
  readonly location?: string;
};

/** The state at the end of the phases, which an index or a rewrite may have replaced, and what stopped it. */
export type PipelineResult = { readonly state: RequestState; readonly stop: Stop | undefined };

/** Shorthand for a stop. */
export function stop(status: number, reason: string, message: string): Stop {
  return { status, reason, message };
}
