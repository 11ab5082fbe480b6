/** `convert`: writes the settings file that means the same as an Apache configuration, and says what it could not say. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { fromBytes, toBytes } from '../apache/bytes.ts';
import type { DirectiveNode } from '../apache/directive.ts';
import { type LoadedConfiguration, loadConfiguration } from '../apache/load.ts';
import { nodeFileReader } from '../apache/node-file-reader.ts';
import { fromYaml } from '../convert/from-yaml.ts';
import { type LeftOut, toYaml } from '../convert/to-yaml.ts';
import { problemOf, SidecarError } from '../errors.ts';
import { readDocument } from '../settings/document.ts';
import type { Settings } from '../settings/load.ts';
import { refuseFatal, withChanges } from '../sidecar/load-site.ts';
import { buildSite } from '../site/build.ts';
import type { Site } from '../site/model.ts';
import { moduleNames } from '../site/modules.ts';
import { visible } from './columns.ts';
import { type CliContext, printJson } from './context.ts';
import { EXIT, type ExitCode, type Finish } from './exit-code.ts';
import { firstDifference } from './same-site.ts';
import { addSettingsFlags, settingsOf } from './settings-flags.ts';

/** What gives Apache's text its meaning and is written down with it. */
const CONVERT_KEYS = ['apache', 'defines', 'modWsgiVersion'];

export function convertCommand(context: CliContext, finish: Finish): Command {
  const command = new Command('convert').description(
    "write the settings file that means the same as Apache's configuration",
  );
  command
    .argument('[file]', "Apache's configuration file, as --apache")
    .option('--output <file>', 'write there instead of to standard output')
    .option('--force', 'write over the file of --output')
    .option('--json', 'print the text and what is left out as JSON');
  addSettingsFlags(command, CONVERT_KEYS).action((file: string | undefined, flags: Record<string, unknown>) =>
    finish(convert(context, file, flags)),
  );
  return command;
}

function convert(context: CliContext, file: string | undefined, flags: Record<string, unknown>): ExitCode {
  const settings = settingsOf(context, file === undefined ? flags : { ...flags, apache: file });
  const { loaded, source } = loadApache(settings, context);
  const { text, leftOut } = toYaml({
    file: source,
    tree: loaded.tree,
    serverRoot: loaded.serverRoot,
    modules: moduleNames(loaded.modules),
    environment: environmentChanges(loaded.environment, context.environment),
    settings: { modWsgiVersion: settings.modWsgiVersion },
  });
  const difference = differenceOf({ loaded, text, settings, context });
  const { output } = flags;
  if (typeof output === 'string') writeNew(output, text, flags.force === true);
  if (flags.json === true) printJson(context, viewConversion(text, leftOut, { output, difference }));
  else if (typeof output !== 'string') context.print(text);
  context.complain(renderSummary(leftOut, { output, difference }));
  return difference === undefined ? EXIT.ok : EXIT.failed;
}

function loadApache(
  settings: Settings,
  context: CliContext,
): { readonly loaded: LoadedConfiguration; readonly source: string } {
  if (settings.apache === undefined) {
    const message =
      "No configuration is named: give Apache's, on Debian: wsgi-sidecar convert /etc/apache2/apache2.conf";
    throw new SidecarError('ERR_CONFIG_UNREADABLE', message);
  }
  const source = toBytes(settings.apache);
  const loaded = loadConfiguration({
    file: source,
    reader: nodeFileReader,
    environment: context.environment,
    defines: settings.defines.map(toBytes),
  });
  refuseFatal(loaded.diagnostics);
  return { loaded, source };
}

/** What Debian's `envvars` makes of the environment. */
function environmentChanges(
  loaded: ReadonlyMap<string, string>,
  given: CliContext['environment'],
): ReadonlyMap<string, string | undefined> {
  const before = new Map(
    Object.entries(given).flatMap(([name, value]) =>
      value === undefined ? [] : [[toBytes(name), toBytes(value)] as const],
    ),
  );
  const changed = [...loaded].filter(([name, value]) => before.get(name) !== value);
  const gone = [...before.keys()].filter((name) => !loaded.has(name));
  return new Map<string, string | undefined>([...changed, ...gone.map((name) => [name, undefined] as const)]);
}

type Check = {
  readonly loaded: LoadedConfiguration;
  readonly text: string;
  readonly settings: Settings;
  readonly context: CliContext;
};

/** Reads the result as `run` would, and compares what it means with what Apache's text means. */
function differenceOf({ loaded, text, settings, context }: Check): string | undefined {
  const { document, placeAt, errors } = readDocument(text);
  const sites = fromYaml({ file: 'sidecar.yaml', document, node: document.get('sites', true), placeAt });
  const [problem] = [...errors, ...sites.problems];
  if (problem !== undefined) return `line ${problem.place.line} of the result: ${problem.message}`;
  const common = { modWsgiVersion: settings.modWsgiVersion, hostName: toBytes(hostname()) };
  const build = (tree: LoadedConfiguration['tree'], rest: Parameters<typeof buildSite>[1]): Site =>
    buildSite(tree, { ...common, ...rest }).site;
  const apache = build(loaded.tree, {
    environment: Object.fromEntries(loaded.environment),
    serverRoot: loaded.serverRoot,
    modules: moduleNames(loaded.modules),
  });
  const converted = build(sites.tree, {
    environment: withChanges(context.environment, sites.environment),
    serverRoot: sites.serverRoot ?? loaded.serverRoot,
    modules: sites.modules,
  });
  return firstDifference(apache, converted);
}

/** Only the owner may read it, because variables and options may be secrets. */
function writeNew(output: string, text: string, force: boolean): void {
  try {
    const descriptor = openSync(output, force ? 'w' : 'wx', 0o600);
    writeSync(descriptor, text);
    closeSync(descriptor);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const next =
      code === 'EEXIST'
        ? 'it exists: name another one, or add --force'
        : `${problemOf(cause)}: name another file`;
    throw new SidecarError('ERR_OUTPUT', `Cannot write "${output}": ${next}`, { cause });
  }
}

type Ending = { readonly output: unknown; readonly difference: string | undefined };

function viewConversion(text: string, leftOut: readonly LeftOut[], { output, difference }: Ending): unknown {
  return {
    ...(typeof output === 'string' ? { output: resolve(output) } : { text }),
    isEqual: difference === undefined,
    ...(difference === undefined ? {} : { difference: fromBytes(difference) }),
    leftOut: leftOut.map(({ node, weight, text: consequence }) => ({
      file: fromBytes(node.position.file),
      line: node.position.line,
      directive: node.kind === 'section' ? `<${fromBytes(node.name)}>` : fromBytes(node.name),
      text: fromBytes(node.text),
      weight,
      consequence,
    })),
  };
}

function renderSummary(leftOut: readonly LeftOut[], { output, difference }: Ending): string {
  const losses = leftOut.filter(({ weight }) => weight === 'loss');
  const lines = [...new Set(losses.map(({ text }) => text))].map((text) =>
    renderLoss(
      text,
      losses.filter((loss) => loss.text === text).map(({ node }) => node),
    ),
  );
  const notes = leftOut.length - losses.length;
  if (leftOut.length > 0)
    lines.push(
      `${leftOut.length} directives not carried over: ${losses.length} to decide about, ${notes} without effect on requests; the end of the result lists them all`,
    );
  if (difference === undefined)
    lines.push('Checked: the result means the same as the rest of the configuration');
  else
    lines.push(
      `The result does not mean the same, first at ${visible(fromBytes(difference))}: do not use it as it is, and report this configuration`,
    );
  if (typeof output === 'string')
    lines.push(`Written: ${output}; next: wsgi-sidecar check --config ${output}`);
  return `${lines.join('\n')}\n`;
}

/** The first of the directives with one consequence, and how many more there are. */
function renderLoss(text: string, nodes: readonly DirectiveNode[]): string {
  const [first] = nodes;
  if (first === undefined) return text;
  const { file, line } = first.position;
  const more = nodes.length === 1 ? '' : ` and ${nodes.length - 1} more`;
  const name = first.kind === 'section' ? `<${first.name}>` : first.name;
  return visible(fromBytes(`${file}:${line}: ${name}${more}: not carried over: ${text}`));
}
