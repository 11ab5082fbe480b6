/** `audit`: what shares a process and an interpreter in today's Apache, and what clashes there. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { Severity } from '../apache/diagnostic.ts';
import { auditCensus, RULES, reaches } from '../audit/audit.ts';
import type { Layout } from '../audit/census.ts';
import type { Finding } from '../audit/finding.ts';
import { renderSarif } from '../audit/sarif.ts';
import { SidecarError } from '../errors.ts';
import { readSite, refuseFatal } from '../sidecar/load-site.ts';
import { createPlanner } from '../sidecar/planner.ts';
import { takeCensus } from './audit-census.ts';
import { renderAudit, viewAudit } from './audit-view.ts';
import { type CliContext, printJson } from './context.ts';
import { EXIT, type ExitCode, type Finish } from './exit-code.ts';
import { addSettingsFlags, SITE_KEYS, settingsOf } from './settings-flags.ts';

type Flags = Readonly<Record<string, unknown>> & {
  readonly json?: boolean;
  /** True: to standard output. */
  readonly sarif?: string | true;
  readonly failOn: Severity | 'never';
  readonly layout: Layout;
};

export function auditCommand(context: CliContext, finish: Finish): Command {
  const command = new Command('audit').description(
    "say which applications share a process and an interpreter in today's Apache, and what clashes there",
  );
  command
    .argument('[file]', "Apache's configuration, as --apache")
    .option('--json', 'print the table and the findings as JSON')
    .option('--sarif [file]', 'write the findings as SARIF 2.1.0 to the file, or print them')
    .addOption(
      new Option('--fail-on <severity>', 'end with 1 from which severity on')
        .choices(['error', 'warning', 'info', 'never'])
        .default('error'),
    )
    .addOption(
      new Option('--layout <layout>', "the processes of today's Apache, or the sidecar's own")
        .choices(['apache', 'sidecar'])
        .default('apache'),
    );
  addSettingsFlags(command, SITE_KEYS).action(async (file: string | undefined, flags: Flags) =>
    finish(await audit(context, file === undefined ? flags : { ...flags, apache: file })),
  );
  return command;
}

async function audit(context: CliContext, flags: Flags): Promise<ExitCode> {
  const settings = settingsOf(context, flags);
  const read = readSite(settings, context.environment);
  refuseFatal(read.diagnostics);
  const root = process.geteuid?.() === 0;
  const census = await takeCensus(read, {
    layout: flags.layout,
    planOf: createPlanner(settings, { root }),
    environment: context.environment,
    root,
    progress: showProgress(context),
  });
  const findings = auditCensus(census);
  if (typeof flags.sarif === 'string') writeSarif(context, flags.sarif, findings);
  if (flags.sarif === true) printJson(context, sarifOf(context, findings));
  else if (flags.json === true) printJson(context, viewAudit(census, findings));
  else context.print(renderAudit(census, findings));
  const { failOn } = flags;
  const fails = failOn !== 'never' && findings.some(({ severity }) => reaches(severity, failOn));
  return fails ? EXIT.failed : EXIT.ok;
}

function sarifOf({ version }: CliContext, findings: readonly Finding[]): unknown {
  return renderSarif(RULES, findings, { version, root: process.cwd() });
}

function writeSarif(context: CliContext, name: string, findings: readonly Finding[]): void {
  const path = resolve(name);
  try {
    writeFileSync(path, `${JSON.stringify(sarifOf(context, findings), undefined, 2)}\n`);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SidecarError('ERR_OUTPUT', `Cannot write "${path}": ${why}: name another file by --sarif`, {
      cause,
    });
  }
}

/** One line that is written over, for eyes only. */
function showProgress(context: CliContext): (done: number, all: number) => void {
  if (process.stderr.isTTY !== true) return () => {};
  return (done, all) =>
    context.complain(done === all ? '\r\x1b[K' : `\rImports: ${done} of ${all} interpreters\x1b[K`);
}
