/** From the settings to the Site: reads Apache's text, gives it its meaning, and refuses what Apache would refuse to start with. */
import { hostname } from 'node:os';
import { fromBytes, toBytes } from '../apache/bytes.ts';
import { type Diagnostic, renderDiagnostic } from '../apache/diagnostic.ts';
import type { DirectiveNode } from '../apache/directive.ts';
import type { FileReader } from '../apache/file-reader.ts';
import { loadConfiguration } from '../apache/load.ts';
import { nodeFileReader } from '../apache/node-file-reader.ts';
import { fromYaml } from '../convert/from-yaml.ts';
import { SidecarError } from '../errors.ts';
import type { Settings, SitesText } from '../settings/load.ts';
import { buildSite } from '../site/build.ts';
import type { Isolation, Site, SiteOptions } from '../site/model.ts';
import { moduleNames } from '../site/modules.ts';
import { judgeAccess } from './declared-access.ts';
import { judgeDispatch } from './declared-dispatch.ts';
import { judgeListeners } from './declared-listeners.ts';
import { judgeImports, judgeMounts } from './declared-mounts.ts';
import { judgeNames } from './declared-names.ts';
import { judgeOptions } from './declared-options.ts';

/** What of the settings gives the configuration its meaning. */
export type SiteSettings = Pick<
  Settings,
  | 'apache'
  | 'sites'
  | 'defines'
  | 'modWsgiVersion'
  | 'isolation'
  | 'virtualHosts'
  | 'mounts'
  | 'groups'
  | 'ports'
  | 'listen'
  | 'unknownPort'
  | 'expandFromRequest'
  | 'groupsFrom'
  | 'accessControl'
  | 'trustedProxies'
  | 'legacy'
>;

type Environment = Readonly<Record<string, string | undefined>>;

export type ReadSite = { readonly site: Site; readonly diagnostics: readonly Diagnostic[] };

/** Findings with which Apache does not start, and with which there is nothing to serve. */
const FATAL: ReadonlySet<string> = new Set([
  'config-unreadable',
  'config-syntax',
  'include-missing',
  'include-depth',
  'mount-not-understood',
  'process-group-not-understood',
  'process-group-twice',
  'process-option-unknown',
  'process-option-invalid',
  'import-script-not-understood',
]);

/** The site of a configuration file, and all findings; throws only when no file is named. */
export function readSite(
  settings: SiteSettings,
  environment: Environment,
  reader: FileReader = nodeFileReader,
): ReadSite {
  const { tree, diagnostics, ...read } = readTree(settings, environment, reader);
  const built = buildSite(tree, {
    modWsgiVersion: settings.modWsgiVersion,
    isolation: {
      default: settings.isolation,
      virtualHosts: isolations(settings.virtualHosts),
      mounts: isolations(settings.mounts),
    },
    ports: settings.ports,
    unknownPort: settings.unknownPort,
    expandFromRequest: settings.expandFromRequest,
    hostName: toBytes(hostname()),
    ...read,
  });
  return {
    site: built.site,
    diagnostics: [
      ...judgeDispatch(
        judgeAccess(withoutRepeats([...diagnostics, ...built.diagnostics]), settings),
        settings,
      ),
      ...judgeOptions(built.site.processGroups.values()),
      ...judgeMounts(built.site),
      ...judgeImports(built.site),
      ...judgeListeners(settings.listen, built.site),
      ...judgeNames(settings, built.site),
    ],
  };
}

/** By its id, what makes a finding at the same place one too many. */
const COVERED_BY: Readonly<Record<string, string>> = {
  'directive-not-understood': 'directive-unknown',
  'mount-access-control': 'config-syntax',
  'place-access-control': 'config-syntax',
};

/** A directive that no module brings need not be called unknown to the sidecar, too, nor a rule that is none one to be enforced elsewhere. */
function withoutRepeats(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const placeOf = ({ position }: Diagnostic): string => `${position?.file}:${position?.line}`;
  const told = new Set(diagnostics.map((each) => `${each.id} ${placeOf(each)}`));
  return diagnostics.filter((each) => !told.has(`${COVERED_BY[each.id]} ${placeOf(each)}`));
}

/** A configuration before it has a meaning: Apache's text, or `sites`. */
type ReadTree = Pick<SiteOptions, 'environment' | 'serverRoot' | 'modules'> & {
  readonly tree: readonly DirectiveNode[];
  readonly diagnostics: readonly Diagnostic[];
};

/** What the settings name, Apache's text or `sites`; throws where they name nothing. */
export function readTree(settings: SiteSettings, environment: Environment, reader: FileReader): ReadTree {
  if (settings.sites !== undefined) return readSitesTree(settings.sites, environment);
  const { apache } = settings;
  if (apache === undefined) {
    const message =
      'No configuration is named: give Apache\'s by --apache FILE (Debian: /etc/apache2/apache2.conf), or "apache: FILE" or "sites" in the file of --config';
    throw new SidecarError('ERR_CONFIG_UNREADABLE', message);
  }
  const loaded = loadConfiguration({
    file: toBytes(apache),
    reader,
    environment,
    defines: settings.defines.map(toBytes),
  });
  const { tree, diagnostics, serverRoot } = loaded;
  const modules = moduleNames(loaded.modules);
  return { tree, diagnostics, serverRoot, modules, environment: Object.fromEntries(loaded.environment) };
}

/** What is wrong with the shape of `sites` is a problem of the settings, and was told with the others. */
function readSitesTree(sites: SitesText, environment: Environment): ReadTree {
  const read = fromYaml(sites);
  const { tree, modules, serverRoot = '/etc/apache2' } = read;
  return {
    tree,
    diagnostics: [],
    modules,
    serverRoot,
    environment: withChanges(environment, read.environment),
  };
}

/** An environment as byte strings, with changes on top. */
export function withChanges(
  environment: Environment,
  changes: ReadonlyMap<string, string | undefined>,
): Record<string, string> {
  const given = Object.entries(environment).map(([name, value]): [string, string | undefined] => [
    toBytes(name),
    value === undefined ? undefined : toBytes(value),
  ]);
  const all = new Map([...given, ...changes]);
  return Object.fromEntries([...all].filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** Throws ERR_CONFIG_UNREADABLE or ERR_CONFIG_SYNTAX, with every finding that keeps the site from being served. */
export function refuseFatal(diagnostics: readonly Diagnostic[]): void {
  const fatal = diagnostics.filter(({ severity, id }) => severity === 'error' && FATAL.has(id));
  const [first] = fatal;
  if (first === undefined) return;
  const code = first.id === 'config-unreadable' ? 'ERR_CONFIG_UNREADABLE' : 'ERR_CONFIG_SYNTAX';
  throw new SidecarError(code, fromBytes(fatal.map(renderDiagnostic).join('\n')));
}

function isolations(
  settings: Readonly<Record<string, { readonly isolation: Isolation }>>,
): Record<string, Isolation> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, { isolation }]) => [toBytes(name), isolation]),
  );
}
