/** What is to be reached, as data, and the comparison of a result with it. */
import type { SuiteName } from './options.ts';
import { type CaseResult, type Metric, medianOf, medianRatio } from './statistics.ts';

/** Name of what is measured against the peers, in every suite. */
export const subjectName = 'sidecar';

/** What the sidecar is compared with where it is compared with itself. */
export const withoutIdle = 'without idle clients';
export const withoutSaturated = 'without the saturated group';
export const unwatchedName = 'without metrics and access log';

/** What the requests of the suite `memory` have for themselves. */
export const memoryCases = ['one URL', 'each a URL, Host and user', 'each an address'] as const;

type Bound = { readonly atLeast: number } | { readonly atMost: number };

/** A bound on a ratio sidecar / `peer`; or, without `peer`, on the sidecar's own figure. */
export type Reach = Bound & {
  readonly suite: SuiteName;
  readonly case: string;
  readonly peer?: string;
  readonly metric: Metric;
};

export type Verdict = {
  readonly reach: Reach;
  /** The ratio or figure; undefined when it was not measured in this run. */
  readonly value: number | undefined;
  readonly reached: boolean;
};

const throughput = 'requestsPerSecond';

/** 120 MB, as MiB. */
const residentLimitMib = 120e6 / 1024 ** 2;

/** What garbage that waits for a full collection may add in the course of a million requests. */
const flatMib = 8;

export const reaches: readonly Reach[] = [
  ...['16 connections', '64 connections'].flatMap((name): readonly Reach[] => [
    { suite: 'whole', case: name, peer: 'mod_wsgi daemon', metric: throughput, atLeast: 2.2 },
    { suite: 'whole', case: name, peer: 'Passenger', metric: throughput, atLeast: 3.5 },
    { suite: 'whole', case: name, peer: 'Apache + gunicorn', metric: throughput, atLeast: 3.5 },
    { suite: 'whole', case: name, peer: 'nginx + gunicorn', metric: throughput, atLeast: 3.5 },
    { suite: 'whole', case: name, peer: 'nginx + uWSGI', metric: throughput, atLeast: 0.75 },
  ]),
  { suite: 'whole', case: '1 connection', peer: 'mod_wsgi daemon', metric: 'p50Ms', atMost: 0.7 },
  { suite: 'whole', case: '16 connections', peer: 'mod_wsgi daemon', metric: 'p99Ms', atMost: 0.7 },
  { suite: 'proxy', case: '64 connections', peer: 'Apache mod_proxy', metric: throughput, atLeast: 2 },
  { suite: 'proxy', case: '64 connections', peer: 'Caddy', metric: throughput, atLeast: 2.2 },
  { suite: 'proxy', case: '64 connections', peer: 'plain http-proxy', metric: throughput, atLeast: 2.4 },
  { suite: 'proxy', case: '64 connections', peer: 'bare Node server', metric: throughput, atLeast: 0.62 },
  { suite: 'proxy', case: '64 connections', peer: 'HAProxy', metric: throughput, atLeast: 0.5 },
  ...(['whole', 'proxy', 'cost'] as const).map(
    (suite): Reach => ({ suite, case: '64 connections', metric: 'errors', atMost: 0 }),
  ),
  ...['1 GiB up', '1 GiB down'].flatMap((name): readonly Reach[] => [
    { suite: 'bodies', case: name, peer: 'nginx + uWSGI', metric: 'megabytesPerSecond', atLeast: 0.5 },
    { suite: 'bodies', case: name, peer: 'nginx + gunicorn', metric: 'megabytesPerSecond', atLeast: 0.5 },
    { suite: 'bodies', case: name, metric: 'sidecarGrowthMib', atMost: 64 },
    { suite: 'bodies', case: name, metric: 'workerGrowthMib', atMost: 64 },
  ]),
  { suite: 'fair', case: '1000 idle clients', peer: withoutIdle, metric: throughput, atLeast: 0.9 },
  { suite: 'fair', case: 'a saturated group', peer: withoutSaturated, metric: 'p99Ms', atMost: 1.3 },
  { suite: 'cost', case: '64 connections', peer: unwatchedName, metric: throughput, atLeast: 0.93 },
  ...memoryCases.flatMap((name): readonly Reach[] => [
    { suite: 'memory', case: name, metric: 'residentMib', atMost: residentLimitMib },
    { suite: 'memory', case: name, metric: 'sidecarGrowthMib', atMost: flatMib },
    { suite: 'memory', case: name, metric: 'errors', atMost: 0 },
  ]),
  { suite: 'many', case: '500 groups at once', metric: 'errors', atMost: 0 },
];

/** One verdict for each reach of the suite whose sides were both asked for in this run. */
export function judge(suite: SuiteName, cases: readonly CaseResult[]): readonly Verdict[] {
  return reaches.filter((reach) => reach.suite === suite).map((reach) => verdictOf(reach, cases));
}

function verdictOf(reach: Reach, cases: readonly CaseResult[]): Verdict {
  const value = measuredValue(reach, cases);
  return { reach, value, reached: value !== undefined && isWithin(value, reach) };
}

function measuredValue(reach: Reach, cases: readonly CaseResult[]): number | undefined {
  const samples = cases.find((result) => result.name === reach.case)?.samples;
  const subject = samples?.get(subjectName) ?? [];
  if (reach.peer === undefined) return medianOf(subject, reach.metric);
  return medianRatio(subject, samples?.get(reach.peer) ?? [], reach.metric);
}

function isWithin(value: number, bound: Bound): boolean {
  return 'atLeast' in bound ? value >= bound.atLeast : value <= bound.atMost;
}
