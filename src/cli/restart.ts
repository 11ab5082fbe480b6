/** `restart GROUP`: new processes for one group of a running sidecar; the old ones serve until the new ones are ready. */
import { Command } from 'commander';
import type { GroupView, RestartView } from '../../routes/model.ts';
import { SidecarError } from '../errors.ts';
import { nameOf } from '../sidecar/group-views.ts';
import { ADMIN_KEYS, commandAdmin, queryAdmin } from './admin-client.ts';
import { type CliContext, printJson } from './context.ts';
import { EXIT, type ExitCode, type Finish } from './exit-code.ts';
import { renderFailure } from './failure-text.ts';
import { addSettingsFlags, settingsOf } from './settings-flags.ts';

export function restartCommand(context: CliContext, finish: Finish): Command {
  const command = new Command('restart').argument(
    '<group>',
    'its id, application group or process group, as "wsgi-sidecar groups" shows them',
  );
  command.description('replace the processes of one group of a running sidecar without losing a request');
  command.option('--json', 'print the outcome as JSON');
  addSettingsFlags(command, ADMIN_KEYS).action(async (group: string, flags: Record<string, unknown>) =>
    finish(await restart(context, group, flags)),
  );
  return command;
}

async function restart(context: CliContext, name: string, flags: Record<string, unknown>): Promise<ExitCode> {
  const { admin } = settingsOf(context, flags);
  const { groups } = (await queryAdmin(admin, '/api/groups')) as { groups: readonly GroupView[] };
  const group = findGroup(groups, name);
  const answer = await commandAdmin(admin, `/api/groups/${group.id}/restart`);
  if (answer.kind === 'refused') {
    if (flags.json === true) printJson(context, answer.problem);
    else context.complain(renderKept(group, answer.problem));
    return EXIT.failed;
  }
  const restarted = answer.value as RestartView;
  if (flags.json === true) printJson(context, restarted);
  else context.print(renderRestarted(restarted));
  return EXIT.ok;
}

/** By id, else by application group, else by process group; throws ERR_ADMIN where that is none or several. */
function findGroup(groups: readonly GroupView[], name: string): GroupView {
  const found = [
    groups.filter(({ id }) => id === name),
    groups.filter(({ applicationGroup }) => applicationGroup === name),
    groups.filter(({ processGroup }) => processGroup === name),
  ].find((candidates) => candidates.length > 0);
  if (found === undefined)
    throw new SidecarError(
      'ERR_ADMIN',
      `There is no group "${name}": "wsgi-sidecar groups" lists them, by id with --json`,
    );
  const [group] = found;
  if (found.length === 1 && group !== undefined) return group;
  const choices = found.map((one) => `    ${one.id}  ${nameOf(one)}`);
  throw new SidecarError(
    'ERR_ADMIN',
    `${found.length} groups are called "${name}": name one by its id\n${choices.join('\n')}`,
  );
}

function renderRestarted({ result, group }: RestartView): string {
  if (result === 'idle') return `Group ${nameOf(group)} has no process: its next request starts one\n`;
  if (group.processes.some(({ url }) => url !== undefined))
    return `Group ${nameOf(group)} runs elsewhere: nothing is restarted, its servers were asked anew: ${group.reason}\n`;
  const pids = group.processes.filter(({ state }) => state === 'ready').map(({ pid }) => pid);
  return `Group ${nameOf(group)} is ${group.state}: pid ${pids.join(', ')}\n`;
}

function renderKept(group: GroupView, { detail, failure }: { detail: string; failure?: unknown }): string {
  const told = failure === undefined ? '' : renderFailure(failure as NonNullable<GroupView['lastFailure']>);
  return `wsgi-sidecar: Group ${nameOf(group)} is not restarted: ${detail}\n${told}`;
}
