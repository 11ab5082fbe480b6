/**
 * What a configuration means: listeners, virtual hosts, mounts, daemon processes. Read-only data, made by `build.ts`.
 */
import type { SourcePosition } from '../apache/directive.ts';

/** Names that differ between mod_wsgi's versions (MODWSGI: "Versions"). */
export type ModWsgiVersion = '4.9' | '5' | '6';

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
  /** The virtual host that defines it; undefined for the main server, which every virtual host sees. */
  readonly definedIn?: string;
};

/** One `WSGIScriptAlias` (or other way to a script). */
export type Mount = {
  /** Stable id within the configuration, used as metric label: `www.example.com:/shop`. */
  readonly id: string;
  readonly mountPoint: string;
  readonly target: string;
  readonly position: SourcePosition;
};

/** A `<VirtualHost>` or the main server. */
export type VirtualHost = {
  /** Stable id within the configuration: `www.example.com:80`. */
  readonly id: string;
  readonly serverName: string;
  readonly position: SourcePosition;
};
