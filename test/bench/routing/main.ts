/**
 * The second half of `npm run bench:routing`: reads what `vitest bench` measured, measures the reading of a large configuration
 * in processes of their own, prints both. Exit status 1 where a reach is missed.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

type Group = {
  readonly fullName: string;
  readonly benchmarks: readonly { readonly name: string; readonly median: number }[];
};

type Figure = { readonly what: string; readonly value: number; readonly unit: string; readonly most: number };

const small = '10 mounts';

function main(): number {
  const [, , path = ''] = process.argv;
  const figures = [...lookUpFigures(path), ...readFigures()];
  for (const { what, value, unit, most } of figures) {
    const verdict = value <= most ? 'reached' : 'MISSED';
    process.stdout.write(
      `${what.padEnd(62)} ${value.toFixed(2).padStart(8)} ${unit.padEnd(4)} (at most ${most}) ${verdict}\n`,
    );
  }
  return figures.every(({ value, most }) => value <= most) ? 0 : 1;
}

/** Medians in microseconds, and their ratios to those of the small configuration. */
function lookUpFigures(path: string): readonly Figure[] {
  const report = JSON.parse(readFileSync(path, 'utf8')) as {
    readonly files: readonly { readonly groups: readonly Group[] }[];
  };
  const medians = new Map(
    report.files.flatMap(({ groups }) =>
      groups.flatMap(({ fullName, benchmarks }) =>
        benchmarks.map(({ name, median }): [string, number] => [
          `${fullName.slice(fullName.lastIndexOf('> ') + 2)}: ${name}`,
          median * 1000,
        ]),
      ),
    ),
  );
  return [...medians].flatMap(([what, value]): Figure[] => {
    const least = medians.get(`${small}:${what.slice(what.indexOf(':') + 1)}`) ?? value;
    const time = { what, value, unit: 'us', most: 3 };
    const ratio = { what: `${what}, to ${small}`, value: value / least, unit: '', most: 2 };
    return what.startsWith(small) ? [time] : [time, ratio];
  });
}

function readFigures(): readonly Figure[] {
  const script = join(dirname(fileURLToPath(import.meta.url)), 'read.js');
  const runs = Array.from(
    { length: 3 },
    () =>
      JSON.parse(execFileSync(process.execPath, [script], { encoding: 'utf8' })) as {
        readonly seconds: number;
        readonly mebibytes: number;
      },
  );
  const median = (values: readonly number[]): number =>
    values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
  const what = '10,000 virtual hosts, 50,000 script aliases:';
  return [
    { what: `${what} reading`, value: median(runs.map(({ seconds }) => seconds)), unit: 's', most: 2 },
    {
      what: `${what} peak RSS`,
      value: Math.max(...runs.map((run) => run.mebibytes)),
      unit: 'MiB',
      most: 500,
    },
  ];
}

process.exitCode = main();
