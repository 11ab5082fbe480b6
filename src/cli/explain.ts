/** `explain URL`: which virtual host, mount, group and process a request would reach, and why. */
import { Command, InvalidArgumentError } from 'commander';
import type { GroupView } from '../../routes/model.ts';
import { type Explanation, explainQuestion } from '../sidecar/explanation.ts';
import { readSite, refuseFatal } from '../sidecar/load-site.ts';
import { askAdmin } from './admin-client.ts';
import { renderColumns } from './columns.ts';
import { type CliContext, printJson } from './context.ts';
import { EXIT, type ExitCode, type Finish } from './exit-code.ts';
import { addSettingsFlags, SITE_KEYS, settingsOf } from './settings-flags.ts';

export function explainCommand(context: CliContext, finish: Finish): Command {
  const command = new Command('explain').argument(
    '<url>',
    'the address, as a client would write it',
    parseUrl,
  );
  command.description('say which virtual host, mount, group and process a request would reach, and why');
  command
    .option('--method <method>', 'the request method', 'GET')
    .option('--header <line...>', 'a header of the request, "Name: value"')
    .option('--port <port>', "Apache's local port (default: the URL's)", Number)
    .option('--json', 'print the explanation as JSON');
  addSettingsFlags(command, [...SITE_KEYS, 'admin.listen']).action(
    async (url: string, flags: Record<string, unknown>) => finish(await explain(context, url, flags)),
  );
  return command;
}

/** Refused here, a wrong address is a mistake of usage and not of the configuration. */
function parseUrl(url: string): string {
  if (!/^https?:\/\/[^/?#]/i.test(url)) throw new InvalidArgumentError('Wanted http://HOST/PATH');
  return url;
}

async function explain(context: CliContext, url: string, flags: Record<string, unknown>): Promise<ExitCode> {
  const settings = settingsOf(context, flags);
  const { site, diagnostics } = readSite(settings, context.environment);
  refuseFatal(diagnostics);
  const explanation = explainQuestion(site, {
    url,
    method: String(flags.method),
    headers: (flags.header as readonly string[] | undefined) ?? [],
    ...(flags.port === undefined ? {} : { port: Number(flags.port) }),
  });
  const { group } = explanation;
  const live =
    group === undefined
      ? undefined
      : ((await askAdmin(settings.admin, `/api/groups/${group.id}`)) as GroupView | undefined);
  if (flags.json === true) printJson(context, { ...explanation, ...(live === undefined ? {} : { live }) });
  else context.print(renderExplanation(explanation, live));
  return EXIT.ok;
}

function renderExplanation(told: Explanation, live: GroupView | undefined): string {
  const { group } = told;
  const rows: (readonly [string, string | undefined])[] = [
    ['virtual host', told.virtualHost],
    ['mount', told.mount],
    ['script', told.script],
    ['SCRIPT_NAME', told.scriptName === undefined ? undefined : JSON.stringify(told.scriptName)],
    ['PATH_INFO', told.pathInfo === undefined ? undefined : JSON.stringify(told.pathInfo)],
    ['application group', group?.applicationGroup],
    ['process group', group?.processGroup],
    ['part', group?.part],
    ['under Apache', told.namedByApache?.applicationGroup],
    ['group', group?.id],
    ['process', live === undefined ? undefined : renderLive(live)],
    ['access', told.access],
    ['answer', told.answer],
  ];
  const known = rows.filter((row): row is readonly [string, string] => row[1] !== undefined);
  const steps = told.steps.map(({ step, text, place }) => [`  ${step}`, text, place ?? '']);
  const why = steps.length === 0 ? '' : `\nWhy:\n${renderColumns(steps)}`;
  return `${told.url}\n${renderColumns(known.map(([name, value]) => [`  ${name}`, value]))}${why}`;
}

function renderLive({ state, processes }: GroupView): string {
  const pids = processes.map(({ pid }) => pid).join(', ');
  return pids === '' ? state : `${state}, pid ${pids}`;
}
