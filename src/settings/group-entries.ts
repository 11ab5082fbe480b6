import type { SettingEntry } from './setting-entry.ts';

/** How many groups and processes there may be, and how they are started, asked and stopped. */
export const GROUP_ENTRIES: readonly SettingEntry[] = [
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
    key: 'drainTimeout',
    flag: '--drain-timeout <duration>',
    environment: 'WSGI_SIDECAR_DRAIN_TIMEOUT',
    kind: 'text',
    default: '30s',
    prose: 'how long requests in flight may take when the sidecar stops',
  },
];
