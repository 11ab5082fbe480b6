/**
 * The numbers: fulfils the observer interfaces of `groups/` and `proxy/`, and renders both exposition formats.
 * Labels name declared groups only; everything else counts under `__unknown__`, so that no client can mint a series.
 */
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { ExitReason, GroupObserver, ReplacementReason, StartReason } from '../groups/observer.ts';
import type { EndingLimit, Observation, RequestObserver } from '../proxy/observation.ts';
import type { GroupIdentity } from '../routing/group-key.ts';
import { type Catalogue, createCatalogue } from './catalogue.ts';
import { SeriesBudget } from './families.ts';
import { GroupSeries, nameLabel, UNKNOWN } from './group-series.ts';
import { type GroupReading, Readings } from './readings.ts';
import { END_REASONS, REJECTED_REASONS, UNKNOWN_GROUP_REASONS, UPSTREAM_ERROR_REASONS } from './reasons.ts';

export type MetricsOptions = {
  readonly version: string;
  /** Exposition lines that the group families may have together. */
  readonly maxSeries: number;
};

/** What of the configuration in force the numbers depend on. */
export type MetricsConfiguration = {
  readonly maxGroups: number;
  /** `limits.connections`; 0 for any number. */
  readonly maxConnections: number;
  /** The groups that may appear as labels; those of earlier configurations stay. */
  readonly groups: readonly GroupIdentity[];
  /** Whether a client can make names (`unknownPort: admit`, `expandFromRequest`): then only declared groups are labels. */
  readonly clientsMakeNames: boolean;
  /** mod_wsgi's naming rules in force: `modWsgiVersion`. */
  readonly modWsgiVersion: string;
};

/** What is kept of answers for clients that lag: now, and how many ever. */
export type SpoolReading = {
  readonly answers: number;
  readonly answersEver: number;
  readonly memoryBytes: number;
  readonly fileBytes: number;
};

/** prom-client's default gauges that carry `_total` in their name, or repeat what build_info says. */
const UNWANTED = /^nodejs_(active_|version_info)/;

/** Pairs of names that are remembered; a pattern in the configuration may make more. */
const MAX_NAMES = 10_000;

/** Owns the registry; lives as long as the sidecar, over reloads. */
export class Metrics implements RequestObserver, GroupObserver {
  readonly #registry: Registry = new Registry();
  readonly #budget: SeriesBudget;
  readonly #catalogue: Catalogue;
  readonly #readings: Readings;
  readonly #unknown: GroupSeries;
  readonly #groups = new Map<string, Map<string, GroupSeries>>();
  readonly #version: string;
  #clientsMakeNames = true;
  #named = 0;
  #source: () => readonly GroupReading[] = () => [];
  #connections: () => number = () => 0;
  #spool: SpoolReading = { answers: 0, answersEver: 0, memoryBytes: 0, fileBytes: 0 };
  #lastScrape: Promise<unknown> = Promise.resolve();

  constructor(options: MetricsOptions) {
    this.#budget = new SeriesBudget(options.maxSeries);
    this.#version = options.version;
    this.#catalogue = createCatalogue(this.#registry, this.#budget);
    this.#sayConstants();
    this.#readings = new Readings(this.#catalogue, (identity) => this.#seriesOf(identity));
    this.#unknown = new GroupSeries(this.#catalogue, UNKNOWN, UNKNOWN);
    collectDefaultMetrics({ register: this.#registry as Registry });
    for (const { name } of this.#registry.getMetricsAsArray())
      if (UNWANTED.test(name)) this.#registry.removeSingleMetric(name);
  }

  /** Counts a request that is served in another group than the one that it names. */
  requestFolded(reason: string): void {
    this.#catalogue.unknown_group_requests_total.cell({ reason }).value += 1;
  }

  /** An error that nobody has caught, or that ended a request. */
  errorUnexpected(): void {
    this.#catalogue.unexpected_errors_total.cell({}).value += 1;
  }

  /** Where the state of the groups is read at each scrape. */
  readGroupsFrom(source: () => readonly GroupReading[]): void {
    this.#source = source;
  }

  /** Where the number of clients' connections is read at each scrape. */
  readConnectionsFrom(source: () => number): void {
    this.#connections = source;
  }

  /** What is read at each scrape of what is kept of answers. */
  readSpoolFrom(source: SpoolReading): void {
    this.#spool = source;
  }

  /** A configuration is in force: the first, or the next after a reload. */
  configurationLoaded(configuration: MetricsConfiguration): void {
    const { groups, clientsMakeNames, modWsgiVersion, maxGroups, maxConnections } = configuration;
    this.#clientsMakeNames = clientsMakeNames;
    for (const identity of groups) this.#declare(identity);
    const build = {
      version: this.#version,
      node_version: process.version,
      mod_wsgi_compat: modWsgiVersion,
    };
    this.#catalogue.groups_limit.cell({}).value = maxGroups;
    this.#catalogue.client_connections_limit.cell({}).value = maxConnections;
    this.#catalogue.build_info.clear();
    this.#catalogue.build_info.cell(build).value = 1;
    this.#catalogue.config_last_reload_successful.cell({}).value = 1;
    this.#catalogue.config_last_reload_success_timestamp_seconds.cell({}).value = Date.now() / 1000;
  }

  /** A reload came to nothing: what was in force stays. */
  configurationRefused(): void {
    this.#catalogue.config_last_reload_successful.cell({}).value = 0;
  }

  requestStarted(identity: GroupIdentity): void {
    this.#seriesOf(identity).inFlight.value += 1;
  }

  webSocketOpened(identity: GroupIdentity | undefined): void {
    this.#seriesFor(identity).webSockets().value += 1;
  }

  requestFinished(seen: Observation): void {
    const series = this.#seriesFor(seen.identity);
    if (seen.status === 101) series.webSocketClosed(seen.requestBytes + seen.responseBytes);
    const arm = seen.arm === 'legacy' ? 'legacy' : 'sidecar';
    const mount = seen.mount === undefined ? UNKNOWN : seen.mount;
    series.requests(mount, arm, seen.method, seen.status).value += 1;
    series.durations(arm, seen.status).observe(seen.durationSeconds);
    series.requestBytes.value += seen.requestBytes;
    series.responseBytes.value += seen.responseBytes;
    if (seen.identity !== undefined) series.inFlight.value -= 1;
    if (seen.upstreamSeconds !== undefined)
      series.upstreamResponse(arm).observe(Math.max(0, seen.upstreamSeconds - (seen.queuedSeconds ?? 0)));
    if (seen.queuedSeconds !== undefined) series.queueWait.observe(seen.queuedSeconds);
    if (seen.aborted) series.clientAborts.value += 1;
    if (seen.retries !== undefined) this.#countRetry(seen, series);
    if (seen.pid !== undefined && seen.status < 500) series.succeeded(Date.now() / 1000);
    if (seen.reason !== undefined) this.#countReason(seen.reason, series);
    if (seen.endedBy !== undefined) this.connectionEnded(seen.endedBy);
  }

  connectionEnded(limit: EndingLimit): void {
    this.#catalogue.connections_ended_total.cell({ reason: limit }).value += 1;
  }

  groupStateChanged(): void {
    // Read at each scrape: a count kept by events could drift from what is.
  }

  processStarted(identity: GroupIdentity, reason: StartReason): void {
    const { labels } = this.#seriesOf(identity);
    this.#catalogue.process_starts_total.cell({ ...labels, reason }).value += 1;
  }

  processReady(identity: GroupIdentity, startSeconds: number): void {
    this.#catalogue.process_start_duration_seconds
      .cell(this.#seriesOf(identity).labels)
      .observe(startSeconds);
  }

  processExited(identity: GroupIdentity, reason: ExitReason): void {
    const { labels } = this.#seriesOf(identity);
    this.#catalogue.process_exits_total.cell({ ...labels, reason }).value += 1;
  }

  processReplaced(identity: GroupIdentity, reason: ReplacementReason, result: 'ready' | 'kept'): void {
    const { labels } = this.#seriesOf(identity);
    this.#catalogue.process_replacements_total.cell({ ...labels, reason, result }).value += 1;
  }

  groupDropped(identity: GroupIdentity): void {
    const series = this.#seriesOf(identity);
    if (series !== this.#unknown) series.forgetSuccess();
  }

  /** The exposition and its media type. Scrapes wait for each other: the registry has one format at a time. */
  async expose(format: 'prometheus' | 'openmetrics'): Promise<{ contentType: string; body: string }> {
    const scrape = this.#lastScrape.then(() => this.#render(format));
    this.#lastScrape = scrape.catch(() => undefined);
    return await scrape;
  }

  async #render(format: 'prometheus' | 'openmetrics'): Promise<{ contentType: string; body: string }> {
    this.#readings.take(this.#source());
    this.#catalogue.client_connections.cell({}).value = this.#connections();
    this.#readSpool();
    this.#catalogue.metrics_series_dropped_total.cell({}).value = this.#budget.dropped;
    const contentType =
      format === 'openmetrics' ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE;
    // Typed for one format per registry, though it can change; rendering OpenMetrics also cuts `_total` off
    // the names for good (prom-client lib/registry.js, metrics()).
    (this.#registry as { setContentType(type: string): void }).setContentType(contentType);
    const metrics = this.#registry.getMetricsAsArray() as { name: string }[];
    const names = metrics.map(({ name }) => name);
    try {
      return { contentType, body: await this.#registry.metrics() };
    } finally {
      for (const [index, metric] of metrics.entries()) metric.name = names[index] ?? metric.name;
    }
  }

  #readSpool(): void {
    const { answers, answersEver, memoryBytes, fileBytes } = this.#spool;
    this.#catalogue.answers_spooled.cell({}).value = answers;
    this.#catalogue.answers_spooled_total.cell({}).value = answersEver;
    this.#catalogue.spooled_bytes.cell({ place: 'memory' }).value = memoryBytes;
    this.#catalogue.spooled_bytes.cell({ place: 'file' }).value = fileBytes;
  }

  #seriesFor(identity: GroupIdentity | undefined): GroupSeries {
    return identity === undefined ? this.#unknown : this.#seriesOf(identity);
  }

  #seriesOf(identity: GroupIdentity): GroupSeries {
    const known = this.#groups.get(identity.processGroup)?.get(identity.applicationGroup);
    if (known !== undefined) return known;
    // Variants by declared ports, and the files of a mounted folder, are met here first.
    return this.#clientsMakeNames || this.#named >= MAX_NAMES ? this.#unknown : this.#declare(identity);
  }

  #declare({ processGroup, applicationGroup }: GroupIdentity): GroupSeries {
    const byApplication = this.#groups.get(processGroup) ?? new Map<string, GroupSeries>();
    this.#groups.set(processGroup, byApplication);
    const known = byApplication.get(applicationGroup);
    if (known !== undefined) return known;
    const series = new GroupSeries(this.#catalogue, nameLabel(processGroup), nameLabel(applicationGroup));
    byApplication.set(applicationGroup, series);
    this.#named += 1;
    return series;
  }

  #countRetry({ status, reason }: Observation, { labels }: GroupSeries): void {
    const result = status >= 500 && reason !== undefined ? 'failed' : 'answered';
    this.#catalogue.retries_total.cell({ ...labels, result }).value += 1;
  }

  #countReason(reason: string, series: GroupSeries): void {
    const unknown = UNKNOWN_GROUP_REASONS.get(reason);
    if (unknown !== undefined)
      this.#catalogue.unknown_group_requests_total.cell({ reason: unknown }).value += 1;
    const rejected = REJECTED_REASONS.get(reason);
    if (rejected !== undefined) this.#catalogue.requests_rejected_total.cell({ reason: rejected }).value += 1;
    if (rejected === 'web_socket_limit')
      this.#catalogue.websockets_refused_total.cell(series.labels).value += 1;
    const failed = UPSTREAM_ERROR_REASONS.get(reason);
    if (failed !== undefined)
      this.#catalogue.upstream_errors_total.cell({ ...series.labels, reason: failed }).value += 1;
  }

  #sayConstants(): void {
    this.#catalogue.start_time_seconds.cell({}).value = Date.now() / 1000 - process.uptime();
    this.#catalogue.metrics_series_dropped_total.cell({}).value = 0;
    this.#catalogue.unexpected_errors_total.cell({}).value = 0;
    // A counter that has never counted is a 0, not a gap that `rate()` cannot see the first step of.
    for (const reason of new Set(UNKNOWN_GROUP_REASONS.values()))
      this.#catalogue.unknown_group_requests_total.cell({ reason });
    for (const reason of new Set(REJECTED_REASONS.values()))
      this.#catalogue.requests_rejected_total.cell({ reason });
    for (const reason of END_REASONS) this.#catalogue.connections_ended_total.cell({ reason });
  }
}
