/** `groups`: which mounts and scripts share a process; with state and pids when a sidecar of this configuration runs. */
import { Command } from 'commander';
import type { GroupView } from '../../routes/model.ts';
import { SidecarError } from '../errors.ts';
import { renderAddress } from '../settings/address.ts';
import type { Settings } from '../settings/load.ts';
import { viewGroups } from '../sidecar/group-views.ts';
import { readSite, refuseFatal } from '../sidecar/load-site.ts';
import { createPlanner } from '../sidecar/planner.ts';
import { askAdmin, queryAdmin } from './admin-client.ts';
import { type CliContext, printJson } from './context.ts';
import { EXIT, type ExitCode, type Finish } from './exit-code.ts';
import { renderGroupTable, renderSharing } from './group-table.ts';
import { renderLiveGroups } from './live-groups.ts';
import { addSettingsFlags, SITE_KEYS, settingsOf } from './settings-flags.ts';

export function groupsCommand(context: CliContext, finish: Finish): Command {
  const command = new Command('groups').description(
    'show the groups, their mounts and scripts, and what shares a process',
  );
  command.option('--json', 'print the groups as JSON');
  command.option(
    '--live',
    'show how the groups of the running sidecar do: states, reasons, processes, failures',
  );
  addSettingsFlags(command, [...SITE_KEYS, 'admin.listen', 'maxGroups']).action(
    async (flags: Record<string, unknown>) => finish(await groups(context, flags)),
  );
  return command;
}

async function groups(context: CliContext, flags: Record<string, unknown>): Promise<ExitCode> {
  const settings = settingsOf(context, flags);
  if (flags.live === true) return await liveGroups(context, settings, flags.json === true);
  const running = await askForGroups(settings);
  if (running === undefined && flags.admin !== undefined) {
    const place = renderAddress(settings.admin.listen);
    context.complain(
      `wsgi-sidecar: No sidecar answers on "${place}": what follows is from the configuration alone\n`,
    );
  }
  const declared =
    settings.apache === undefined && settings.sites === undefined
      ? undefined
      : declaredViews(context, settings);
  if (declared === undefined && running === undefined)
    throw new SidecarError(
      'ERR_CONFIG_UNREADABLE',
      `No configuration is named, and no sidecar answers on "${renderAddress(settings.admin.listen)}": give --apache FILE, --config FILE or --admin ADDRESS`,
    );
  const shown = join(declared, running);
  const live = running !== undefined;
  const others = othersOf(shown, running);
  if (flags.json === true) printJson(context, { live, groups: shown, ...(live ? { others } : {}) });
  else context.print(renderGroupTable(shown, live) + renderSharing(shown) + renderOthers(others));
  return EXIT.ok;
}

/** How many groups of the running sidecar the configuration does not make by itself; undefined where none runs. */
function othersOf(
  shown: readonly GroupView[],
  running: readonly GroupView[] | undefined,
): number | undefined {
  const ids = new Set(shown.map(({ id }) => id));
  return running?.filter(({ id }) => !ids.has(id)).length;
}

/** Says what the table leaves out: another port in Host, a pattern or a value of the request leads to groups of other names. */
function renderOthers(others: number | undefined): string {
  if (others === 0) return '';
  const which =
    others === undefined
      ? 'Groups that only requests make are not shown'
      : `Not shown: ${others === 1 ? 'a group' : `${others} groups`} that requests to the running sidecar have made, or another configuration of it`;
  return `${which}: "wsgi-sidecar groups --live" shows every group of a running sidecar\n`;
}

/** How they do, from the sidecar alone: the configuration on disk may be another one by now. */
async function liveGroups(context: CliContext, { admin }: Settings, asJson: boolean): Promise<ExitCode> {
  const { groups } = (await queryAdmin(admin, '/api/groups')) as { groups: readonly GroupView[] };
  if (asJson) printJson(context, { live: true, groups });
  else context.print(renderLiveGroups(groups, Date.now()));
  return EXIT.ok;
}

function declaredViews(context: CliContext, settings: Settings): GroupView[] {
  const { site, diagnostics } = readSite(settings, context.environment);
  refuseFatal(diagnostics);
  const planOf = createPlanner(settings, { root: process.geteuid?.() === 0 });
  return viewGroups(site, planOf, []);
}

/** The running sidecar may have another configuration: only groups of the same id are joined. */
function join(
  declared: readonly GroupView[] | undefined,
  running: readonly GroupView[] | undefined,
): readonly GroupView[] {
  if (declared === undefined) return running ?? [];
  return declared.map((group) => running?.find(({ id }) => id === group.id) ?? group);
}

async function askForGroups({ admin }: Settings): Promise<readonly GroupView[] | undefined> {
  const answer = await askAdmin(admin, '/api/groups');
  return (answer as { groups?: readonly GroupView[] } | undefined)?.groups;
}
