/** Samples, medians and ratios. A ratio is taken within one round, so that what disturbs a round disturbs both sides. */

/** What is measured. More is better for the first two, less for the others. */
export type Metric =
  | 'requestsPerSecond'
  | 'megabytesPerSecond'
  | 'p50Ms'
  | 'p99Ms'
  | 'cpuUs'
  | 'seconds'
  | 'errors'
  /** With status 503 and Retry-After. */
  | 'refused'
  | 'residentMib'
  | 'sidecarGrowthMib'
  | 'workerGrowthMib';

/** One measurement of one peer in one round. */
export type Sample = Readonly<Partial<Record<Metric, number>>>;

/** One setting (`16 connections`), every peer, every round: `samples.get(peer)?.[round]`. */
export type CaseResult = {
  readonly name: string;
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
};

/** Middle value; the mean of the middle two for an even count, NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
  return (upper + lower) / 2;
}

/** Median of one metric of one peer, undefined where it was not measured. */
export function medianOf(samples: readonly Sample[], metric: Metric): number | undefined {
  const values = samples.flatMap((sample) => sample[metric] ?? []);
  return values.length === 0 ? undefined : median(values);
}

/** Median over the rounds of subject / peer, undefined where either was not measured. */
export function medianRatio(
  subject: readonly Sample[],
  peer: readonly Sample[],
  metric: Metric,
): number | undefined {
  const ratios = subject.flatMap((sample, round) => {
    const own = sample[metric];
    const other = peer[round]?.[metric];
    return own === undefined || other === undefined ? [] : own / other;
  });
  return ratios.length === 0 ? undefined : median(ratios);
}
