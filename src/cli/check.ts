/** `check`: every finding in a configuration at once. Exit code 1 when one is an error. */
import { Command } from 'commander';
import { fromBytes } from '../apache/bytes.ts';
import { type Diagnostic, renderDiagnostic } from '../apache/diagnostic.ts';
import { declaredGroups } from '../routing/declared-groups.ts';
import { viewDiagnostic } from '../sidecar/diagnostic-view.ts';
import { viewGroups } from '../sidecar/group-views.ts';
import { readSite } from '../sidecar/load-site.ts';
import { createPlanner } from '../sidecar/planner.ts';
import {
  checkInterpreters,
  checkMounts,
  checkRoot,
  checkScripts,
  describeEmbedded,
} from './check-machine.ts';
import { checkRunners } from './check-runners.ts';
import { visible } from './columns.ts';
import { type CliContext, printJson } from './context.ts';
import { EXIT, type ExitCode, type Finish } from './exit-code.ts';
import { renderSharing } from './group-table.ts';
import { addSettingsFlags, SITE_KEYS, settingsOf } from './settings-flags.ts';

export function checkCommand(context: CliContext, finish: Finish): Command {
  const command = new Command('check').description(
    'say everything that is wrong or worth knowing in a configuration',
  );
  command
    .option('--json', 'print the findings as JSON')
    .option('--no-fail', 'end with 0 even when there are errors');
  addSettingsFlags(command, SITE_KEYS).action((flags: Record<string, unknown>) =>
    finish(check(context, flags)),
  );
  return command;
}

function check(context: CliContext, flags: Record<string, unknown>): ExitCode {
  const settings = settingsOf(context, flags);
  const { site, diagnostics } = readSite(settings, context.environment);
  const root = process.geteuid?.() === 0;
  const planOf = createPlanner(settings, { root });
  const plans = declaredGroups(site).map(({ identity }) => planOf(site, identity));
  const findings = [
    ...diagnostics,
    ...checkMounts(site.mounts),
    ...checkScripts(site.mounts),
    ...checkRoot(plans, root),
    ...checkInterpreters(plans, context.environment.PATH ?? ''),
    ...checkRunners(plans, context.environment.PATH ?? ''),
    ...describeEmbedded(plans),
  ];
  const sharing = renderSharing(viewGroups(site, planOf, []));
  if (flags.json === true) printJson(context, { diagnostics: findings.map(viewDiagnostic) });
  else context.print(renderFindings(findings) + sharing);
  const hasErrors = findings.some(({ severity }) => severity === 'error');
  return hasErrors && flags.fail !== false ? EXIT.failed : EXIT.ok;
}

function renderFindings(findings: readonly Diagnostic[]): string {
  const lines = findings.map((finding) => `${visible(fromBytes(renderDiagnostic(finding)))}\n`);
  const count = (severity: string, word: string): string => {
    const found = findings.filter((finding) => finding.severity === severity).length;
    return `${found} ${word}${found === 1 ? '' : 's'}`;
  };
  return `${lines.join('')}${count('error', 'error')}, ${count('warning', 'warning')}, ${count('info', 'note')}\n`;
}
