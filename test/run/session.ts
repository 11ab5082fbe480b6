/**
 * One run of the suites: installs the Debian packages that they need and may be installed, runs vitest, says which suites
 * were left out and why, and ends with one line: `N passed, N failed`.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runToEnd } from './command.ts';
import { installMissing, isInstalled, isSet, mayInstall } from './packages.ts';
import { closingLine, type JsonReport, type Tally, tallyOf } from './report.ts';
import { isSelected, type Lack, lacking, type Suite } from './suites.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const INSTALL_FLAG = '--install';

const MACHINE = { isInstalled, fileExists: existsSync, isRoot: process.getuid?.() === 0 };

/** Which suites there are, and vitest's configuration where it is not the project's own. */
export type Collection = { readonly suites: readonly Suite[]; readonly config?: string };

type LeftOut = { readonly lacks: readonly Lack[]; readonly why: string };

/** Runs what the arguments of `npm test` or `npm run conformance` ask for; resolves with the exit code. */
export async function runSuites(args: readonly string[], { suites, config }: Collection): Promise<number> {
  process.chdir(ROOT);
  const passedOn = args.filter((arg) => arg !== INSTALL_FLAG);
  const configured = config === undefined ? [] : ['--config', config];
  const filters = passedOn.filter((arg) => !arg.startsWith('-'));
  const selected = suites.filter((suite) => isSelected(suite, filters));
  const leftOut = await provide(selected, args.includes(INSTALL_FLAG));
  return close(await runVitest([...configured, ...passedOn], leftOut.lacks), leftOut);
}

/** Installs what is missing where that is allowed; what is still missing afterwards is left out. */
async function provide(selected: readonly Suite[], wantsInstall: boolean): Promise<LeftOut> {
  const find = (): readonly Lack[] => lacking(selected, MACHINE);
  const installable = find().filter(({ missing }) => missing.length > 0);
  if (installable.length === 0) return { lacks: find(), why: '' };
  const permission = mayInstall(wantsInstall, process.env);
  if (!permission.allowed) return { lacks: find(), why: permission.why };
  say(`Installing what ${installable.map(({ suite }) => suite.name).join(', ')} need (${permission.why})`);
  try {
    await installMissing(installable);
    return { lacks: find(), why: 'apt-get brought no such file' };
  } catch (error) {
    return { lacks: find(), why: `installing failed: ${error instanceof Error ? error.message : error}` };
  }
}

async function runVitest(args: readonly string[], lacks: readonly Lack[]): Promise<Tally> {
  const folder = mkdtempSync(join(tmpdir(), 'wsgi-sidecar-test-'));
  const report = join(folder, 'report.json');
  const without = lacks
    .filter(({ suite }) => suite.isPartial !== true)
    .flatMap(({ suite }) => ['--exclude', `test/${suite.name}{.test.ts,.conformance.ts,/**}`]);
  const empty = lacks.length > 0 ? ['--passWithNoTests'] : [];
  const whatFailed = join(import.meta.dirname, 'what-failed.js');
  const reporters = ['default', 'json', whatFailed].map((name) => `--reporter=${name}`);
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  try {
    const status = await runToEnd([
      process.execPath,
      vitest,
      'run',
      ...reporters,
      `--outputFile.json=${report}`,
      ...without,
      ...empty,
      ...args,
    ]);
    if (!existsSync(report)) return { passed: 0, failed: status === 0 ? 0 : 1, skipped: 0 };
    const tally = tallyOf(JSON.parse(readFileSync(report, 'utf8')) as JsonReport);
    // An error outside every test fails the run although no test failed: it has to show in the numbers.
    return status !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The last lines. Under CI a suite that was left out is a failure: nobody would read the line about it. */
function close(run: Tally, { lacks, why }: LeftOut): number {
  const isFailure = isSet(process.env.CI);
  for (const { suite, missing, lacksRoot } of lacks) {
    const reasons = missing.length > 0 ? [`missing ${missing.join(', ')}: ${why}`] : [];
    if (lacksRoot === true) reasons.push('it needs root');
    say(`Left out: ${suite.isPartial === true ? 'a part of ' : ''}${suite.name}: ${reasons.join('; ')}`);
  }
  const tally = { ...run, failed: run.failed + (isFailure ? lacks.length : 0) };
  say(closingLine(tally));
  return tally.failed === 0 ? 0 : 1;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
