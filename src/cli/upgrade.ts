/** `upgrade`: has a running sidecar start the program that is on disk now in its place, without losing a request. */
import { Command } from 'commander';
import type { UpgradeView } from '../../routes/model.ts';
import { renderAddress } from '../settings/address.ts';
import { ADMIN_KEYS, commandAdmin, queryAdmin } from './admin-client.ts';
import { type CliContext, printJson } from './context.ts';
import { EXIT, type ExitCode, type Finish } from './exit-code.ts';
import { addSettingsFlags, settingsOf } from './settings-flags.ts';

export function upgradeCommand(context: CliContext, finish: Finish): Command {
  const command = new Command('upgrade');
  command.description(
    'have a running sidecar start the program that is on disk now in its place; if that cannot serve, nothing changes',
  );
  command.option('--json', 'print the outcome as JSON');
  addSettingsFlags(command, ADMIN_KEYS).action(async (flags: Record<string, unknown>) =>
    finish(await upgrade(context, flags)),
  );
  return command;
}

async function upgrade(context: CliContext, flags: Record<string, unknown>): Promise<ExitCode> {
  const { admin } = settingsOf(context, flags);
  const isJson = flags.json === true;
  if (!isJson) {
    // Whoever is not there starts nothing.
    await queryAdmin(admin, '/livez');
    context.complain(
      `The sidecar on "${renderAddress(admin.listen)}" starts its successor, and serves on …\n`,
    );
  }
  const answer = await commandAdmin(admin, '/api/upgrade');
  if (answer.kind === 'refused') {
    if (isJson) printJson(context, answer.problem);
    else
      context.complain(
        `${answer.problem.detail}\nwsgi-sidecar: Nothing is upgraded: the old sidecar goes on\n`,
      );
    return EXIT.failed;
  }
  const done = answer.value as UpgradeView;
  if (isJson) printJson(context, done);
  else context.print(renderUpgraded(done));
  return EXIT.ok;
}

function renderUpgraded({ pid, version, predecessor }: UpgradeView): string {
  const versions = version === predecessor.version ? version : `${predecessor.version} → ${version}`;
  return `Upgraded (${versions}): process ${pid} serves, process ${predecessor.pid} finishes what it has and ends\n`;
}
