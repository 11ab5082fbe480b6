/** Every family that is exported, with its help text. Names and labels are API: MANUAL.md, "Metrics", lists them. */
import type { Registry } from 'prom-client';
import { CellFamily, HistogramFamily, type SeriesBudget } from './families.ts';

const COUNTERS = {
  requests_total: 'Requests by the group that their name leads to',
  request_body_bytes_total: 'Bytes of request bodies that reached the group',
  response_body_bytes_total: 'Bytes of response bodies sent to clients',
  websocket_bytes_total:
    'Bytes that WebSocket connections have carried in both directions, counted at their ends',
  websockets_refused_total: 'WebSocket handshakes refused because there were as many connections as may be',
  client_aborts_total: 'Requests whose client left before the answer was whole',
  upstream_errors_total: 'Requests that a group process did not answer, or not wholly',
  answers_spooled_total: 'Answers of which something was kept because the client lagged',
  retries_total: 'Requests that were sent to a second group process, by whether that helped',
  unknown_group_requests_total: 'Requests that lead to no group that the configuration declares',
  requests_rejected_total: 'Requests refused before an application saw them',
  connections_ended_total: 'Connections of clients that a limit has ended',
  process_starts_total: 'Group processes started',
  process_exits_total: 'Group processes ended',
  process_replacements_total: 'Group processes that others were started to replace',
  process_cpu_seconds_total: 'User and system CPU time of the group processes, ended ones included',
  unexpected_errors_total:
    'Errors that nobody has caught or that ended a request: each is a fault of the sidecar',
  metrics_series_dropped_total: 'Series that were not made because the limit on series was reached',
} as const;

const GAUGES = {
  build_info: 'Constant 1; version, node_version and mod_wsgi_compat as labels',
  start_time_seconds: 'When the sidecar started, in seconds since 1970',
  config_last_reload_successful: 'Whether the configuration was loaded when it was last read',
  config_last_reload_success_timestamp_seconds: 'When the configuration in force was loaded',
  client_connections: 'Connections of clients that are open',
  client_connections_limit:
    'Connections that clients may have at once (limits.connections), 0 for any number',
  answers_spooled: 'Answers of which something is kept because the client lags',
  spooled_bytes: 'Bytes of answers that are kept because clients lag, by where',
  groups: 'Groups by state',
  groups_limit: 'Groups that may exist at once (maxGroups)',
  requests_in_flight: 'Requests that the group is answering or has waiting',
  websockets_active: 'WebSocket connections that are open',
  queue_depth: 'Requests that wait for a free thread of the group',
  queue_limit: 'Requests that may wait for the group (queueLength)',
  processes: 'Group processes by state',
  process_resident_memory_bytes: 'Resident memory of the processes of the group, summed',
  process_open_fds: 'Open file descriptors of the processes of the group, summed',
  group_up: 'Whether the group can answer: 0 while it is backing off or has failed',
  group_restart_backoff_seconds:
    'How long the group waits before its next start, 0 when nothing holds it back',
  group_last_success_timestamp_seconds: 'When the group last answered with a status below 500',
} as const;

type HistogramName =
  | 'request_duration_seconds'
  | 'upstream_response_seconds'
  | 'queue_wait_seconds'
  | 'process_start_duration_seconds';

const HTTP_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const QUEUE_SECONDS = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30];
const START_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

const HISTOGRAMS: Readonly<Record<HistogramName, readonly [help: string, bounds: readonly number[]]>> = {
  request_duration_seconds: [
    'From the head of a request to the end of its answer, as the client sees it',
    HTTP_SECONDS,
  ],
  upstream_response_seconds: [
    'From sending a request to a group process to the first byte of its answer',
    HTTP_SECONDS,
  ],
  queue_wait_seconds: ['How long requests waited for a free thread of the group', QUEUE_SECONDS],
  process_start_duration_seconds: [
    'From starting a group process until it said that it was ready',
    START_SECONDS,
  ],
};

/** The families by their name without the prefix. */
export type Catalogue = {
  readonly [Name in keyof typeof COUNTERS | keyof typeof GAUGES]: CellFamily;
} & { readonly [Name in HistogramName]: HistogramFamily };

/** Makes every family and registers it. */
export function createCatalogue(registry: Registry, budget: SeriesBudget): Catalogue {
  const families: Record<string, CellFamily | HistogramFamily> = {};
  const options = (name: string, help: string) => ({ name: `wsgi_sidecar_${name}`, help, budget });
  for (const [name, help] of Object.entries(GAUGES))
    families[name] = new CellFamily('gauge', options(name, help));
  for (const [name, help] of Object.entries(COUNTERS))
    families[name] = new CellFamily('counter', options(name, help));
  for (const [name, [help, bounds]] of Object.entries(HISTOGRAMS))
    families[name] = new HistogramFamily(options(name, help), bounds);
  // The registry reads name, help, type and get() of a metric; its typings ask for its own classes.
  for (const family of Object.values(families))
    registry.registerMetric(family as unknown as Parameters<Registry['registerMetric']>[0]);
  return families as Catalogue;
}
