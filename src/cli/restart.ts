/** `restart`: new processes for groups of a running sidecar, one group after the other; the old ones serve until the new ones are ready. */
import { Command } from 'commander';
import type { GroupView, ProblemView, RestartView } from '../../routes/model.ts';
import { nameOf } from '../sidecar/group-views.ts';
import { ADMIN_KEYS, type AdminPlace, commandAdmin, queryAdmin } from './admin-client.ts';
import { type CliContext, printJson } from './context.ts';
import { EXIT, type ExitCode, type Finish } from './exit-code.ts';
import { renderFailure } from './failure-text.ts';
import { findGroups, type Wanted } from './find-groups.ts';
import { addSettingsFlags, settingsOf } from './settings-flags.ts';

/** What became of one group. */
type Outcome =
  | { readonly kind: 'done'; readonly group: GroupView; readonly view: RestartView }
  | { readonly kind: 'kept'; readonly group: GroupView; readonly problem: ProblemView };

export function restartCommand(context: CliContext, finish: Finish): Command {
  const command = new Command('restart').argument(
    '[group]',
    'its id, application group or process group, as "wsgi-sidecar groups" shows them',
  );
  command.description('replace the processes of groups of a running sidecar without losing a request');
  command.option('--process-group <name>', 'every group of a process group, one after the other');
  command.option('--all', 'every group, one after the other');
  command.option('--json', 'print the outcome as JSON');
  addSettingsFlags(command, ADMIN_KEYS).action(
    async (group: string | undefined, flags: Record<string, unknown>) => {
      const wanted = wantedOf(group, flags);
      if (wanted === undefined)
        command.error('error: give one of: a group, --process-group NAME, --all', { exitCode: EXIT.usage });
      else finish(await restart(context, wanted, flags));
    },
  );
  return command;
}

function wantedOf(group: string | undefined, flags: Record<string, unknown>): Wanted | undefined {
  const given: readonly Wanted[] = [
    ...(group === undefined ? [] : [{ group }]),
    ...(typeof flags.processGroup === 'string' ? [{ processGroup: flags.processGroup }] : []),
    ...(flags.all === true ? [{ all: true as const }] : []),
  ];
  return given.length === 1 ? given[0] : undefined;
}

async function restart(
  context: CliContext,
  wanted: Wanted,
  flags: Record<string, unknown>,
): Promise<ExitCode> {
  const { admin } = settingsOf(context, flags);
  const { groups } = (await queryAdmin(admin, '/api/groups')) as { groups: readonly GroupView[] };
  const outcomes: Outcome[] = [];
  for (const group of findGroups(groups, wanted)) {
    const outcome = await restartOne(admin, group);
    outcomes.push(outcome);
    if (flags.json !== true) tell(context, outcome);
  }
  if (flags.json === true) printJson(context, viewOf(outcomes, wanted));
  return outcomes.some(({ kind }) => kind === 'kept') ? EXIT.failed : EXIT.ok;
}

async function restartOne(admin: AdminPlace, group: GroupView): Promise<Outcome> {
  const answer = await commandAdmin(admin, `/api/groups/${group.id}/restart`);
  return answer.kind === 'refused'
    ? { kind: 'kept', group, problem: answer.problem }
    : { kind: 'done', group, view: answer.value as RestartView };
}

function tell(context: CliContext, outcome: Outcome): void {
  if (outcome.kind === 'kept') context.complain(renderKept(outcome.group, outcome.problem));
  else context.print(renderRestarted(outcome.view));
}

/** Of one group what the admin side answers; of several a list, whose `kept` name the group and the problem. */
function viewOf(outcomes: readonly Outcome[], { group }: Wanted): unknown {
  if (group !== undefined) return outcomes.map((one) => (one.kind === 'kept' ? one.problem : one.view))[0];
  const restarts = outcomes.map((one) =>
    one.kind === 'kept' ? { result: 'kept', group: one.group, problem: one.problem } : one.view,
  );
  return { restarts };
}

function renderRestarted({ result, group }: RestartView): string {
  if (result === 'idle') return `Group ${nameOf(group)} has no process: its next request starts one\n`;
  if (group.processes.some(({ url }) => url !== undefined))
    return `Group ${nameOf(group)} runs elsewhere: nothing is restarted, its servers were asked anew: ${group.reason}\n`;
  const pids = group.processes.filter(({ state }) => state === 'ready').map(({ pid }) => pid);
  return `Group ${nameOf(group)} is ${group.state}: pid ${pids.join(', ')}\n`;
}

function renderKept(group: GroupView, { detail, failure }: ProblemView): string {
  const told = failure === undefined ? '' : renderFailure(failure as NonNullable<GroupView['lastFailure']>);
  return `wsgi-sidecar: Group ${nameOf(group)} is not restarted: ${detail}\n${told}`;
}
