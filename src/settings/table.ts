/**
 * The settings that a flag or an environment variable can give, in one table: flags, checks and MANUAL.md are made from it.
 * Settings with inner structure (`virtualHosts`, `mounts`, `groups`) stand in the file alone.
 */

export type SettingEntry = {
  /** Where it stands in `sidecar.yaml`; a dot is a level. */
  readonly key: string;
  /** As commander wants it; absent where a command line is the wrong place. */
  readonly flag?: string;
  readonly environment: string;
  /** How text from a flag or the environment becomes a value. */
  readonly kind: 'text' | 'number' | 'boolean' | 'list';
  readonly default?: string | number | boolean | readonly string[];
  readonly prose: string;
};

/** In the order in which `--help` shows them. */
export const SETTINGS_TABLE: readonly SettingEntry[] = [
  {
    key: 'apache',
    flag: '--apache <file>',
    environment: 'WSGI_SIDECAR_APACHE',
    kind: 'text',
    prose: "Apache's configuration file; relative to the settings file that names it",
  },
  {
    key: 'defines',
    flag: '--define <name...>',
    environment: 'WSGI_SIDECAR_DEFINES',
    kind: 'list',
    default: [],
    prose: 'names (NAME or NAME=VALUE) that hold as with "apachectl -D"',
  },
  {
    key: 'modWsgiVersion',
    flag: '--mod-wsgi-version <version>',
    environment: 'WSGI_SIDECAR_MOD_WSGI_VERSION',
    kind: 'text',
    default: '4.9',
    prose: 'whose naming rules hold: 4.9, 5 or 6',
  },
  {
    key: 'listen',
    flag: '--listen <address...>',
    environment: 'WSGI_SIDECAR_LISTEN',
    kind: 'list',
    prose: 'where to listen: BIND[,as=ADDRESS:PORT][,tls]; BIND is HOST:PORT, unix:/PATH or systemd:NAME',
  },
  {
    key: 'admin.listen',
    flag: '--admin <address>',
    environment: 'WSGI_SIDECAR_ADMIN',
    kind: 'text',
    default: '127.0.0.1:9180',
    prose: 'where metrics and the admin API listen: a loopback address or unix:/PATH',
  },
  {
    key: 'admin.token',
    environment: 'WSGI_SIDECAR_ADMIN_TOKEN',
    kind: 'text',
    prose: 'bearer token that the admin listener asks for',
  },
  {
    key: 'runtimeDir',
    flag: '--runtime-dir <folder>',
    environment: 'WSGI_SIDECAR_RUNTIME_DIR',
    kind: 'text',
    prose: 'folder of the sockets of group processes',
  },
  {
    key: 'isolation',
    flag: '--isolation <rule>',
    environment: 'WSGI_SIDECAR_ISOLATION',
    kind: 'text',
    default: 'as-configured',
    prose: 'what shares a process: as-configured, per-script or per-mount',
  },
  {
    key: 'trustedProxies',
    flag: '--trusted-proxy <address...>',
    environment: 'WSGI_SIDECAR_TRUSTED_PROXIES',
    kind: 'list',
    default: [],
    prose: 'fronts whose forwarding and identity headers count: addresses, ADDRESS/BITS, or "unix"',
  },
  {
    key: 'identity.user',
    flag: '--identity-user <header>',
    environment: 'WSGI_SIDECAR_IDENTITY_USER',
    kind: 'text',
    prose: 'header in which a trusted front names the authenticated user',
  },
  {
    key: 'accessControl',
    flag: '--access-control <rule>',
    environment: 'WSGI_SIDECAR_ACCESS_CONTROL',
    kind: 'text',
    default: 'enforce',
    prose: 'enforce, or front: a trusted front does what Apache asks for',
  },
  {
    key: 'legacy',
    flag: '--legacy <url>',
    environment: 'WSGI_SIDECAR_LEGACY',
    kind: 'text',
    prose: 'where Apache answers what the sidecar does not: http://HOST:PORT',
  },
  {
    key: 'unresolved',
    flag: '--unresolved <rule>',
    environment: 'WSGI_SIDECAR_UNRESOLVED',
    kind: 'text',
    default: 'legacy',
    prose: 'who answers where it cannot be computed what Apache would do: legacy, or 404: nobody',
  },
  {
    key: 'unknownPort',
    flag: '--unknown-port <rule>',
    environment: 'WSGI_SIDECAR_UNKNOWN_PORT',
    kind: 'text',
    default: 'fold',
    prose: 'a Host with a port that nothing declares: fold, refuse or admit',
  },
  {
    key: 'expandFromRequest',
    flag: '--expand-from-request',
    environment: 'WSGI_SIDECAR_EXPAND_FROM_REQUEST',
    kind: 'boolean',
    default: false,
    prose: 'whether values that a client sends may name groups',
  },
  {
    key: 'groupsFrom',
    flag: '--groups-from <source>',
    environment: 'WSGI_SIDECAR_GROUPS_FROM',
    kind: 'text',
    default: 'configuration',
    prose: 'what names groups: configuration, or dispatch: WSGIDispatchScript is asked as well',
  },
  {
    key: 'ports',
    environment: 'WSGI_SIDECAR_PORTS',
    kind: 'list',
    default: [],
    prose: 'ports that clients may name in Host beside those of the configuration',
  },
  {
    key: 'maxGroups',
    flag: '--max-groups <count>',
    environment: 'WSGI_SIDECAR_MAX_GROUPS',
    kind: 'number',
    default: 64,
    prose: 'groups that may exist at once',
  },
  {
    key: 'maxProcesses',
    flag: '--max-processes <count>',
    environment: 'WSGI_SIDECAR_MAX_PROCESSES',
    kind: 'number',
    default: 256,
    prose: 'processes that all groups together may have',
  },
  {
    key: 'python',
    flag: '--python <program>',
    environment: 'WSGI_SIDECAR_PYTHON',
    kind: 'text',
    default: 'python3',
    prose: 'the interpreter of groups that name none',
  },
  {
    key: 'preload',
    flag: '--preload',
    environment: 'WSGI_SIDECAR_PRELOAD',
    kind: 'boolean',
    default: false,
    prose: 'start every declared group with the sidecar',
  },
  {
    key: 'watch',
    flag: '--watch',
    environment: 'WSGI_SIDECAR_WATCH',
    kind: 'boolean',
    default: false,
    prose: 'reload when the settings file or a file of the configuration changes',
  },
  {
    key: 'responseTimeout',
    environment: 'WSGI_SIDECAR_RESPONSE_TIMEOUT',
    kind: 'text',
    default: '300s',
    prose: 'how long a group process may be silent before its answer counts as lost; 0 is for ever',
  },
  {
    key: 'busyPoll',
    environment: 'WSGI_SIDECAR_BUSY_POLL',
    kind: 'boolean',
    default: true,
    prose:
      'whether the next event is looked for instead of slept for while they come at once and a core is free',
  },
  {
    key: 'limits.requestLine',
    environment: 'WSGI_SIDECAR_LIMIT_REQUEST_LINE',
    kind: 'text',
    prose: "bytes of a request line; without it Apache's LimitRequestLine, 8190",
  },
  {
    key: 'limits.headers',
    environment: 'WSGI_SIDECAR_LIMIT_HEADERS',
    kind: 'number',
    prose: "header fields of a request; without it Apache's LimitRequestFields, 100",
  },
  {
    key: 'limits.headerField',
    environment: 'WSGI_SIDECAR_LIMIT_HEADER_FIELD',
    kind: 'text',
    prose: "bytes of one header field; without it Apache's LimitRequestFieldSize, 8190",
  },
  {
    key: 'limits.head',
    environment: 'WSGI_SIDECAR_LIMIT_HEAD',
    kind: 'text',
    default: '64K',
    prose: 'bytes of a whole head',
  },
  {
    key: 'limits.headTimeout',
    environment: 'WSGI_SIDECAR_LIMIT_HEAD_TIMEOUT',
    kind: 'text',
    default: '10s',
    prose: 'how long a head may take to come whole',
  },
  {
    key: 'limits.body',
    environment: 'WSGI_SIDECAR_LIMIT_BODY',
    kind: 'text',
    default: '1G',
    prose: 'bytes of a request body where LimitRequestBody says nothing; 0 is any',
  },
  {
    key: 'limits.bodyTimeout',
    environment: 'WSGI_SIDECAR_LIMIT_BODY_TIMEOUT',
    kind: 'text',
    default: '30s',
    prose: 'how long a client may be silent in the middle of its body',
  },
  {
    key: 'limits.sendTimeout',
    environment: 'WSGI_SIDECAR_LIMIT_SEND_TIMEOUT',
    kind: 'text',
    default: '60s',
    prose: 'how long a client may take nothing of its answer',
  },
  {
    key: 'limits.spoolMemory',
    environment: 'WSGI_SIDECAR_LIMIT_SPOOL_MEMORY',
    kind: 'text',
    default: '1M',
    prose: 'bytes of one answer that are kept in memory for a client that lags; 0 is none',
  },
  {
    key: 'limits.spoolMemoryTotal',
    environment: 'WSGI_SIDECAR_LIMIT_SPOOL_MEMORY_TOTAL',
    kind: 'text',
    default: '64M',
    prose: 'the same of all answers together',
  },
  {
    key: 'limits.spoolFile',
    environment: 'WSGI_SIDECAR_LIMIT_SPOOL_FILE',
    kind: 'text',
    default: '1G',
    prose: 'bytes of one answer that are kept in a file beyond that; 0 is none',
  },
  {
    key: 'limits.spoolFileTotal',
    environment: 'WSGI_SIDECAR_LIMIT_SPOOL_FILE_TOTAL',
    kind: 'text',
    default: '4G',
    prose: 'the same of all answers together',
  },
  {
    key: 'limits.keepAliveTimeout',
    environment: 'WSGI_SIDECAR_LIMIT_KEEP_ALIVE_TIMEOUT',
    kind: 'text',
    default: '15s',
    prose: 'how long a connection may wait for its next request',
  },
  {
    key: 'limits.requestsPerConnection',
    environment: 'WSGI_SIDECAR_LIMIT_REQUESTS_PER_CONNECTION',
    kind: 'number',
    default: 1000,
    prose: 'requests of one connection before it is closed, trusted proxies aside; 0 is any',
  },
  {
    key: 'limits.connections',
    environment: 'WSGI_SIDECAR_LIMIT_CONNECTIONS',
    kind: 'number',
    default: 8192,
    prose: 'connections of clients at once; 0 is any',
  },
  {
    key: 'limits.connectionsPerAddress',
    environment: 'WSGI_SIDECAR_LIMIT_CONNECTIONS_PER_ADDRESS',
    kind: 'number',
    default: 2048,
    prose: 'connections of one address at once, trusted proxies aside; 0 is any',
  },
  {
    key: 'limits.webSockets',
    environment: 'WSGI_SIDECAR_LIMIT_WEB_SOCKETS',
    kind: 'number',
    default: 1000,
    prose: 'WebSocket connections of one listener at once; 0 is any',
  },
  {
    key: 'limits.webSocketTimeout',
    environment: 'WSGI_SIDECAR_LIMIT_WEB_SOCKET_TIMEOUT',
    kind: 'text',
    default: '5m',
    prose: 'how long a WebSocket connection may pass without a byte in either direction',
  },
  {
    key: 'drainTimeout',
    flag: '--drain-timeout <duration>',
    environment: 'WSGI_SIDECAR_DRAIN_TIMEOUT',
    kind: 'text',
    default: '30s',
    prose: 'how long requests in flight may take when the sidecar stops',
  },
  {
    key: 'log.level',
    flag: '--log-level <level>',
    environment: 'WSGI_SIDECAR_LOG_LEVEL',
    kind: 'text',
    default: 'info',
    prose: 'trace, debug, info, warn, error or silent',
  },
  {
    key: 'log.format',
    flag: '--log-format <format>',
    environment: 'WSGI_SIDECAR_LOG_FORMAT',
    kind: 'text',
    default: 'auto',
    prose: 'json, text, or auto: text on a terminal',
  },
  {
    key: 'log.access',
    flag: '--access-log',
    environment: 'WSGI_SIDECAR_ACCESS_LOG',
    kind: 'boolean',
    default: false,
    prose: 'a line per request',
  },
  {
    key: 'log.query',
    environment: 'WSGI_SIDECAR_LOG_QUERY',
    kind: 'boolean',
    default: false,
    prose: 'whether targets in the log have their query, which may hold credentials',
  },
  {
    key: 'metrics.maxSeries',
    environment: 'WSGI_SIDECAR_MAX_SERIES',
    kind: 'number',
    default: 20_000,
    prose: 'lines that the metrics of groups may have together',
  },
];

/** The name under which commander keeps a flag: `--drain-timeout <duration>` → `drainTimeout`. */
export function flagName(flag: string): string {
  const [long = ''] = flag.replace(/^--/, '').split(' ');
  return long.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
