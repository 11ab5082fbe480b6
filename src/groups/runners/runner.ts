/** What runs the applications of a group: the built-in worker, another WSGI server, any program, or a server elsewhere. */

/** Servers that run `wsgi_group.py`, by the names that the settings use. */
export type ServerKind = 'builtin' | 'gunicorn' | 'gunicorn-sync' | 'uwsgi' | 'waitress';

/** The runner of a group, as its plan has it. */
export type Runner = { readonly kind: ServerKind } | CommandRunner | UrlRunner;

/** A program that serves HTTP by itself. */
export type CommandRunner = {
  readonly kind: 'command';
  /** Byte strings; `{fd}`, `{socket}` or `{port}` in them says where to listen. */
  readonly command: readonly string[];
  readonly listens: 'descriptor' | 'socket' | 'port';
  readonly trustClose: boolean;
  /** What has to be answered with 2xx or 3xx before it counts as ready; absent: any answer to `OPTIONS *` will do. */
  readonly healthPath?: string;
};

/** Servers that run elsewhere, and how they are checked. */
export type UrlRunner = {
  readonly kind: 'url';
  /** `http://host:port` each. */
  readonly urls: readonly string[];
  readonly trustClose: boolean;
  /** What has to be answered with 2xx or 3xx; absent: a connection will do. */
  readonly healthPath?: string;
  readonly healthIntervalMs: number;
  readonly healthTimeoutMs: number;
  /** Checks that have to fail in a row before a server counts as unhealthy. */
  readonly healthThreshold: number;
};
