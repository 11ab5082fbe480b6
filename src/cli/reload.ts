/** `reload`: has a running sidecar read its settings and Apache's configuration anew, and says what came of it. */
import { Command } from 'commander';
import type { ReloadView } from '../../routes/model.ts';
import { nameOf } from '../sidecar/group-views.ts';
import { ADMIN_KEYS, commandAdmin } from './admin-client.ts';
import { renderColumns } from './columns.ts';
import { type CliContext, printJson } from './context.ts';
import { EXIT, type ExitCode, type Finish } from './exit-code.ts';
import { renderFailure } from './failure-text.ts';
import { addSettingsFlags, settingsOf } from './settings-flags.ts';

export function reloadCommand(context: CliContext, finish: Finish): Command {
  const command = new Command('reload');
  command.description(
    'have a running sidecar read settings and configuration anew; with errors what is in force stays',
  );
  command.option('--json', 'print the outcome as JSON');
  addSettingsFlags(command, ADMIN_KEYS).action(async (flags: Record<string, unknown>) =>
    finish(await reload(context, flags)),
  );
  return command;
}

async function reload(context: CliContext, flags: Record<string, unknown>): Promise<ExitCode> {
  const { admin } = settingsOf(context, flags);
  const answer = await commandAdmin(admin, '/api/reload');
  if (answer.kind === 'refused') {
    const { detail } = answer.problem;
    if (flags.json === true) printJson(context, answer.problem);
    else context.complain(`${detail}\nwsgi-sidecar: Nothing is reloaded: what was in force stays\n`);
    return EXIT.failed;
  }
  const done = answer.value as Reloaded;
  if (flags.json === true) printJson(context, done);
  else context.print(renderReload(done));
  return done.groups.kept.length === 0 ? EXIT.ok : EXIT.failed;
}

type Reloaded = Extract<ReloadView, { result: 'reloaded' }>;

function renderReload({ groups, listeners, waiting, findings }: Reloaded): string {
  const { unchanged, adopted, replaced, stopped, kept } = groups;
  const rows = [
    ...adopted.map((group) => ['  adopted', nameOf(group)]),
    ...replaced.map((group) => ['  replaced', nameOf(group)]),
    ...stopped.map((group) => ['  stopped', nameOf(group)]),
    ...listeners.opened.map((address) => ['  opened', address]),
    ...listeners.closed.map((address) => ['  closed', address]),
    ...waiting.map((key) => ['  waits', `${key}: holds from the next start of the sidecar on`]),
  ];
  const failures = kept.map(
    (group) => `  kept      ${nameOf(group)}: ${group.failure.message}\n${renderFailure(group.failure)}`,
  );
  const changed = rows.length + kept.length;
  const head = changed === 0 ? 'Reloaded, and nothing has changed' : 'Reloaded';
  const rest = `${unchanged.length} ${unchanged.length === 1 ? 'group' : 'groups'} with a process untouched`;
  const told = findings.map(({ text }) => `${text}\n`);
  return `${head}: ${rest}\n${rows.length === 0 ? '' : renderColumns(rows)}${failures.join('')}${told.join('')}`;
}
