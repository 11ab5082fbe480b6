/** The result of a run: as a table for people and as JSON for programs. */
import { cpus, release } from 'node:os';
import type { SuiteName } from './options.ts';
import { type Reach, subjectName, type Verdict } from './reaches.ts';
import { type CaseResult, type Metric, medianOf, medianRatio } from './statistics.ts';

export type SuiteResult = {
  readonly suite: SuiteName;
  readonly cases: readonly CaseResult[];
  readonly verdicts: readonly Verdict[];
};

const columns: readonly { readonly metric: Metric; readonly title: string; readonly digits: number }[] = [
  { metric: 'requestsPerSecond', title: 'req/s', digits: 0 },
  { metric: 'p50Ms', title: 'p50 ms', digits: 3 },
  { metric: 'p99Ms', title: 'p99 ms', digits: 3 },
  { metric: 'cpuUs', title: 'cpu µs', digits: 1 },
  { metric: 'megabytesPerSecond', title: 'MB/s', digits: 0 },
  { metric: 'seconds', title: 'seconds', digits: 3 },
  { metric: 'errors', title: 'errors', digits: 0 },
  { metric: 'refused', title: 'refused', digits: 0 },
  { metric: 'residentMib', title: 'resident MiB', digits: 1 },
  { metric: 'sidecarGrowthMib', title: 'sidecar +MiB', digits: 1 },
  { metric: 'workerGrowthMib', title: 'worker +MiB', digits: 1 },
];

const comparable: ReadonlySet<Metric> = new Set([
  'requestsPerSecond',
  'p50Ms',
  'p99Ms',
  'cpuUs',
  'megabytesPerSecond',
  'seconds',
]);

/** Every case of every suite: medians, and sidecar / peer by the first metric and, where there is one, by p50 and p99. */
export function renderTables(results: readonly SuiteResult[]): string {
  return results
    .flatMap(({ suite, cases, verdicts }) => [
      ...cases.map((result) => `${suite}, ${result.name}\n${renderCase(result)}`),
      ...(verdicts.length > 0 ? [`${suite}, reaches\n${renderVerdicts(verdicts)}`] : []),
    ])
    .join('\n\n');
}

/** When a run began, and the share of the machine that other work had just before. */
export type RunStart = { readonly at: Date; readonly busyShare: number };

/** The machine, every sample and every verdict. */
export function renderJson(results: readonly SuiteResult[], { at, busyShare }: RunStart): string {
  return `${JSON.stringify(
    {
      startedAt: at.toISOString(),
      busyShare,
      machine: { cpu: cpus()[0]?.model, cores: cpus().length, linux: release(), node: process.version },
      suites: results.map(({ suite, cases, verdicts }) => ({
        suite,
        cases: cases.map(({ name, samples }) => ({ case: name, peers: Object.fromEntries(samples) })),
        verdicts: verdicts.map(({ reach, value, reached }) => ({ ...reach, value: value ?? null, reached })),
      })),
    },
    undefined,
    2,
  )}\n`;
}

function renderCase({ samples }: CaseResult): string {
  const all = [...samples.values()].flat();
  const shown = columns.filter(({ metric }) => all.some((sample) => sample[metric] !== undefined));
  const compared = shown.filter(({ metric }) => comparable.has(metric));
  const subject = samples.get(subjectName) ?? [];
  const head = [
    'peer',
    ...shown.map(({ title }) => title),
    ...compared.map(({ title }) => `× ${title.split(' ')[0]}`),
  ];
  const rows = [...samples].map(([peer, own]) => [
    peer,
    ...shown.map(({ metric, digits }) => figure(medianOf(own, metric), digits)),
    ...compared.map(({ metric }) =>
      peer === subjectName ? '' : figure(medianRatio(subject, own, metric), 2),
    ),
  ]);
  return alignColumns([head, ...rows]);
}

function renderVerdicts(verdicts: readonly Verdict[]): string {
  const head = ['case', 'against', 'metric', 'measured', 'reach', 'reached'];
  const rows = verdicts.map(({ reach, value, reached }) => [
    reach.case,
    reach.peer ?? '',
    reach.metric,
    figure(value, 2),
    boundText(reach),
    value === undefined ? 'not measured' : reached ? 'yes' : 'NO',
  ]);
  return alignColumns([head, ...rows]);
}

function boundText(reach: Reach): string {
  return 'atLeast' in reach ? `>= ${reach.atLeast}` : `<= ${reach.atMost}`;
}

function figure(value: number | undefined, digits: number): string {
  return value === undefined ? '' : value.toFixed(digits);
}

function alignColumns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    )
    .join('\n');
}
