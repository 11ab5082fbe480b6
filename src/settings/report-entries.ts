import type { SettingEntry } from './setting-entry.ts';

/** What the sidecar tells of itself: the log and the metrics. */
export const REPORT_ENTRIES: readonly SettingEntry[] = [
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
