/**
 * `npm run bench`: everything in one run on this machine, in interleaved rounds; ratios are the result.
 * Exit status 1 where a reach is missed, 2 where the run itself failed.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/package-root.ts';
import { runMain, tell } from '../support/run-main.ts';
import { type BenchOptions, parseOptions, type SuiteName, usage } from './options.ts';
import { providePackages } from './packages.ts';
import { busyShare } from './process-tree.ts';
import { judge } from './reaches.ts';
import { renderJson, renderTables, type SuiteResult } from './report.ts';
import { Stage } from './stage.ts';
import type { CaseResult } from './statistics.ts';
import { measureBodies } from './suites/bodies.ts';
import { measureCost } from './suites/cost.ts';
import { measureFair } from './suites/fair.ts';
import { measureMany } from './suites/many.ts';
import { measureMemory } from './suites/memory.ts';
import { measureProxy } from './suites/proxy.ts';
import { measureStart } from './suites/start.ts';
import type { SuiteContext } from './suites/suite.ts';
import { measureWhole } from './suites/whole.ts';

const suites: Readonly<Record<SuiteName, (context: SuiteContext) => Promise<readonly CaseResult[]>>> = {
  whole: measureWhole,
  proxy: measureProxy,
  bodies: measureBodies,
  start: measureStart,
  fair: measureFair,
  cost: measureCost,
  memory: measureMemory,
  many: measureMany,
};

/** A single-threaded server loses more to other work than one of many processes does. */
const tolerableShare = 0.1;

async function main(): Promise<number> {
  if (process.argv.includes('--help')) {
    process.stdout.write(usage);
    return 0;
  }
  const options = parseOptions(process.argv.slice(2));
  await providePackages(options.suites, options.install);
  const start = { at: new Date(), busyShare: await busyShare(2000) };
  if (start.busyShare > tolerableShare) {
    tell(`Other work takes ${Math.round(start.busyShare * 100)} % of this machine: the ratios will not hold`);
  }
  const results: SuiteResult[] = [];
  for (const suite of options.suites) results.push(await runSuite(suite, options));
  const json = renderJson(results, start);
  process.stdout.write(options.json ? json : `${renderTables(results)}\n`);
  tell(`Written to ${save(json, start.at)}`);
  return results.every(({ verdicts }) => verdicts.every(isFine)) ? 0 : 1;
}

/** Runs one suite on a stage of its own, which is cleared whatever happens, Ctrl-C included. */
async function runSuite(suite: SuiteName, options: BenchOptions): Promise<SuiteResult> {
  const stage = new Stage();
  const interrupt = (signal: NodeJS.Signals) => {
    void stage.close().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143));
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    const cases = await suites[suite]({ stage, options, tell: (line) => tell(`${suite}: ${line}`) });
    const verdicts = judge(suite, cases).filter(
      ({ value }) => value !== undefined || options.peers.length === 0,
    );
    return { suite, cases, verdicts };
  } finally {
    await stage.close();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

function isFine({ reached }: { readonly reached: boolean }): boolean {
  return reached;
}

function save(json: string, startedAt: Date): string {
  const folder = join(packageRoot(), 'test', 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${startedAt.toISOString().replaceAll(':', '-').slice(0, 19)}.json`);
  writeFileSync(path, json);
  return path;
}

await runMain(main);
