/** `preflight`: imports every script under its group's Python before any traffic, and says what that costs and changes. */
import { Command, InvalidArgumentError } from 'commander';
import { SidecarError } from '../errors.ts';
import type { Guard } from '../groups/guard.ts';
import { interpreterOf } from '../groups/interpreter.ts';
import type { GroupPlan } from '../groups/plan.ts';
import { nameOf, viewIdentity } from '../sidecar/group-views.ts';
import { readSite, refuseFatal } from '../sidecar/load-site.ts';
import { createPlanner } from '../sidecar/planner.ts';
import { visible } from './columns.ts';
import { type CliContext, printJson } from './context.ts';
import { EXIT, type ExitCode, type Finish } from './exit-code.ts';
import { type WantedGroup, wantedGroups, withImports } from './preflight-plan.ts';
import { runPreflight, type ScriptReport, startGuard } from './preflight-run.ts';
import { addSettingsFlags, SITE_KEYS, settingsOf } from './settings-flags.ts';

type Wanted = WantedGroup & { readonly plan: GroupPlan };

type GroupReport = ReturnType<typeof viewIdentity> & {
  readonly python: string;
  readonly scripts: readonly ScriptReport[];
  /** Why not every script was looked at. */
  readonly problem?: string;
};

type Flags = Readonly<Record<string, unknown>> & {
  readonly group?: readonly string[];
  readonly timeout: number;
  readonly json?: boolean;
};

const DEFAULT_TIMEOUT_S = 60;

export function preflightCommand(context: CliContext, finish: Finish): Command {
  const command = new Command('preflight').description(
    'import every script as its group would, before any traffic, and say what that costs and changes',
  );
  command
    .option(
      '--group <name...>',
      'only these groups: process group, application group or id, as "groups" prints them',
    )
    .option('--timeout <seconds>', 'the most that one script may take', seconds, DEFAULT_TIMEOUT_S)
    .option('--json', 'print the reports as JSON');
  addSettingsFlags(command, SITE_KEYS).action(async (flags: Flags) =>
    finish(await preflight(context, flags)),
  );
  return command;
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('Wanted a number of seconds above 0');
  return value;
}

async function preflight(context: CliContext, flags: Flags): Promise<ExitCode> {
  const wanted = chooseGroups(context, flags);
  const reports: GroupReport[] = [];
  const total = wanted.reduce((sum, { scripts }) => sum + scripts.length, 0);
  const progress = progressOf(total);
  const guard = await startGuard(wanted.map(({ plan }) => plan));
  for (const one of wanted) {
    const report = await examine(one, { timeoutMs: flags.timeout * 1000, guard, step: progress.step });
    reports.push(report);
    if (flags.json !== true) {
      progress.clear();
      context.print(renderGroup(report));
    }
  }
  progress.clear();
  await guard?.stop();
  const failed = reports.filter(({ problem, scripts }) => problem !== undefined || scripts.some(hasFailed));
  if (flags.json === true) printJson(context, { failed: failed.length > 0, groups: reports });
  else context.print(renderSum(reports));
  return failed.length === 0 ? EXIT.ok : EXIT.failed;
}

function chooseGroups(context: CliContext, flags: Flags): readonly Wanted[] {
  const settings = settingsOf(context, { ...flags });
  const { site, diagnostics } = readSite(settings, context.environment);
  refuseFatal(diagnostics);
  const planOf = createPlanner(settings, { root: process.geteuid?.() === 0 });
  const names = new Set(flags.group);
  const chosen = wantedGroups(site).filter(({ identity }) => {
    const { id, processGroup, applicationGroup } = viewIdentity(identity);
    return names.size === 0 || [id, processGroup, applicationGroup].some((name) => names.has(name));
  });
  if (chosen.length === 0 && names.size > 0)
    throw new SidecarError(
      'ERR_SETTINGS_INVALID',
      `No group is called "${[...names].join('", "')}": "wsgi-sidecar groups" prints their names and "groups --json" their ids`,
    );
  return chosen.map(({ identity, scripts }) => {
    const plan = planOf(site, identity);
    return { identity, plan, scripts: withImports(scripts, plan) };
  });
}

type Examination = {
  readonly timeoutMs: number;
  readonly guard: Guard | undefined;
  readonly step: () => void;
};

async function examine(
  { identity, scripts, plan }: Wanted,
  { timeoutMs, guard, step }: Examination,
): Promise<GroupReport> {
  const reports: ScriptReport[] = [];
  const onScript = (report: ScriptReport): void => {
    reports.push(report);
    step();
  };
  const problem =
    scripts.length === 0 ? undefined : await runPreflight({ plan, scripts, timeoutMs, guard, onScript });
  return {
    ...viewIdentity(identity),
    python: interpreterOf(plan),
    scripts: reports,
    ...(problem === undefined ? {} : { problem }),
  };
}

function hasFailed({ failure }: ScriptReport): boolean {
  return failure !== null;
}

function renderGroup(group: GroupReport): string {
  const lines = [`Group ${nameOf(group)}, Python ${group.python}`];
  if (group.scripts.length === 0 && group.problem === undefined)
    lines.push('  The configuration names no script of it');
  for (const report of group.scripts) lines.push(...renderScript(report));
  if (group.problem !== undefined) lines.push(`  FAILED: ${group.problem}`);
  return `${lines.map(visibleLine).join('\n')}\n`;
}

function renderScript(report: ScriptReport): readonly string[] {
  const { script, seconds: took, memoryBytes, failure, deprecations, changes } = report;
  const cost = `${took.toFixed(2)} s, ${(memoryBytes / 1024 / 1024).toFixed(1)} MiB`;
  const lines = [`  ${failure === null ? 'ok' : 'FAILED'}  ${script}  (${cost})`];
  if (failure !== null) {
    lines.push(`    ${failure.message}`);
    lines.push(
      ...failure.traceback
        .split('\n')
        .filter(Boolean)
        .map((line) => `      ${line}`),
    );
  }
  for (const { kind, detail } of changes) lines.push(`    changes ${kind}: ${detail}`);
  for (const { category, message, file, line } of deprecations)
    lines.push(`    ${category}: ${message} (${file}:${line})`);
  return lines;
}

/** Text of applications cannot move the cursor. */
function visibleLine(line: string): string {
  return visible(line);
}

function renderSum(reports: readonly GroupReport[]): string {
  const scripts = reports.flatMap((report) => report.scripts);
  const failed = scripts.filter(hasFailed).length;
  const unfinished = reports.filter(({ problem }) => problem !== undefined).length;
  const rest = unfinished === 0 ? '' : `, ${unfinished} groups not looked at to the end`;
  return `${scripts.length} scripts in ${reports.length} groups, ${failed} failed${rest}\n`;
}

/** A line on the terminal that counts, where standard error is one. */
function progressOf(total: number): { readonly step: () => void; readonly clear: () => void } {
  let done = 0;
  const write = (text: string): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  };
  return {
    step: () => {
      done += 1;
      write(`${done} of ${total} scripts`);
    },
    clear: () => write(''),
  };
}
