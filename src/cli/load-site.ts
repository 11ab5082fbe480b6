/** From the settings to the Site: reads Apache's text, gives it its meaning, and refuses what Apache would refuse to start with. */
import { hostname } from 'node:os';
import { fromBytes, toBytes } from '../apache/bytes.ts';
import { type Diagnostic, renderDiagnostic } from '../apache/diagnostic.ts';
import { loadConfiguration } from '../apache/load.ts';
import { nodeFileReader } from '../apache/node-file-reader.ts';
import { SidecarError } from '../errors.ts';
import type { Settings } from '../settings/load.ts';
import { buildSite } from '../site/build.ts';
import type { Isolation, Site } from '../site/model.ts';
import { moduleNames } from '../site/modules.ts';

/** What of the settings gives the configuration its meaning. */
export type SiteSettings = Pick<
  Settings,
  | 'apache'
  | 'defines'
  | 'modWsgiVersion'
  | 'isolation'
  | 'virtualHosts'
  | 'mounts'
  | 'ports'
  | 'unknownPort'
  | 'expandFromRequest'
  | 'accessControl'
  | 'trustedProxies'
  | 'legacy'
>;

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
  'import-script-not-understood',
]);

/** The site of a configuration file, and all findings; throws only when no file is named. */
export function readSite(
  settings: SiteSettings,
  environment: Readonly<Record<string, string | undefined>>,
): ReadSite {
  const { apache } = settings;
  if (apache === undefined) {
    const message =
      'No configuration is named: give Apache\'s by --apache FILE (Debian: /etc/apache2/apache2.conf), or "apache: FILE" in the file of --config';
    throw new SidecarError('ERR_CONFIG_UNREADABLE', message);
  }
  const loaded = loadConfiguration({
    file: toBytes(apache),
    reader: nodeFileReader,
    environment,
    defines: settings.defines.map(toBytes),
  });
  const built = buildSite(loaded.tree, {
    modWsgiVersion: settings.modWsgiVersion,
    isolation: {
      default: settings.isolation,
      virtualHosts: isolations(settings.virtualHosts),
      mounts: isolations(settings.mounts),
    },
    ports: settings.ports,
    unknownPort: settings.unknownPort,
    expandFromRequest: settings.expandFromRequest,
    environment: Object.fromEntries(loaded.environment),
    hostName: toBytes(hostname()),
    serverRoot: loaded.serverRoot,
    modules: moduleNames(loaded.modules),
  });
  const found = [...loaded.diagnostics, ...built.diagnostics].map((finding) =>
    judgeAccess(finding, settings),
  );
  return { site: built.site, diagnostics: [...found, ...checkFront(settings)] };
}

/** Protection that someone declared to see to is worth knowing, not an error. */
function judgeAccess(finding: Diagnostic, settings: SiteSettings): Diagnostic {
  if (finding.id !== 'mount-access-control') return finding;
  const { accessControl, trustedProxies, legacy } = settings;
  if (accessControl === 'front' && trustedProxies.length > 0)
    return {
      ...finding,
      severity: 'info',
      advice: 'It is served to trustedProxies alone (accessControl: front)',
    };
  if (legacy === undefined) return finding;
  return { ...finding, severity: 'info', advice: `It is answered by ${legacy} (legacy)` };
}

function checkFront({ accessControl, trustedProxies }: SiteSettings): Diagnostic[] {
  if (accessControl !== 'front' || trustedProxies.length > 0) return [];
  const message =
    'The settings have "accessControl: front" without trustedProxies, so that nobody is a front';
  const advice = 'Name it, "trustedProxies: [unix]" for one that comes over a Unix socket';
  return [{ severity: 'error', id: 'front-without-proxies', message, advice }];
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
