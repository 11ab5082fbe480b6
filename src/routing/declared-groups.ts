/**
 * The groups that a configuration can produce by itself, without anything that a client chooses: one canonical group per
 * mount and virtual host, as for a request that names no port (DESIGN law 2).
 */
import type { ScriptAlias } from '../site/alias.ts';
import { mergeRemembered } from '../site/merge-cache.ts';
import type { Mount, Site, VirtualHost } from '../site/model.ts';
import type { Scope } from '../site/scope.ts';
import { walkDirectories, walkFiles, walkLocations } from '../site/walk.ts';
import { type GroupIdentity, type GroupKey, groupKey } from './group-key.ts';
import { environmentVariable, expandName, foldScriptName, type NameFacts } from './group-name.ts';
import { isolationOf } from './isolation.ts';
import { canonicalFilename } from './path.ts';
import { serverPort } from './server-port.ts';

/** A group and what leads into it. */
export type DeclaredGroup = {
  readonly identity: GroupIdentity;
  readonly key: GroupKey;
  readonly mounts: readonly Mount[];
  /** Files that requests of its mounts run, as far as the configuration names them. */
  readonly scripts: readonly string[];
  readonly virtualHosts: readonly VirtualHost[];
};

type Gathered = {
  readonly identity: GroupIdentity;
  readonly mounts: Set<Mount>;
  readonly scripts: Set<string>;
  readonly hosts: Set<VirtualHost>;
};

/** Every declared group, in the order of the configuration. */
export function declaredGroups(site: Site): readonly DeclaredGroup[] {
  return groupsBy(site, () => [undefined]);
}

/** The groups of requests that name a declared port, those that `declaredGroups` has among them. */
export function portGroups(site: Site): readonly DeclaredGroup[] {
  return groupsBy(site, ({ declaredPorts }) => [...declaredPorts]);
}

function groupsBy(
  site: Site,
  portsOf: (host: VirtualHost) => readonly (number | undefined)[],
): readonly DeclaredGroup[] {
  const groups = new Map<GroupKey, Gathered>();
  for (const host of reachableHosts(site)) {
    const ports = portsOf(host);
    for (const alias of host.scriptAliases.entries) {
      for (const port of ports) {
        const identity = declaredIdentity(site, host, alias, port);
        if (identity !== undefined) gather(groups, identity, alias, host);
      }
    }
  }
  return Array.from(groups, ([key, { identity, mounts, scripts, hosts }]) => ({
    identity,
    key,
    mounts: [...mounts],
    scripts: [...scripts],
    virtualHosts: [...hosts],
  }));
}

/** The main server answers only where some listener has no virtual host. */
export function reachableHosts({ main, virtualHosts, listeners, addresses }: Site): readonly VirtualHost[] {
  const isCovered = ({ address, port }: { readonly address: string; readonly port: number }): boolean =>
    addresses.chains.has(`*:${port}`) ||
    addresses.chains.has('*:0') ||
    (address !== '*' && addresses.chains.has(`${address}:${port}`));
  const isMainReached = virtualHosts.length === 0 || listeners.some((listener) => !isCovered(listener));
  return isMainReached ? [...virtualHosts, main] : virtualHosts;
}

function gather(
  groups: Map<GroupKey, Gathered>,
  identity: GroupIdentity,
  alias: ScriptAlias,
  host: VirtualHost,
): void {
  const key = groupKey(identity);
  const group = groups.get(key) ?? { identity, mounts: new Set(), scripts: new Set(), hosts: new Set() };
  groups.set(key, group);
  group.mounts.add(alias.mount);
  group.scripts.add(canonicalFilename(alias.target).replace(/(.)\/$/, '$1'));
  group.hosts.add(host);
}

/** The group of a mount for requests that name this port, or undefined where only a request can tell: patterns, folders, values of requests. */
export function declaredIdentity(
  site: Site,
  host: VirtualHost,
  alias: ScriptAlias,
  requestPort?: number,
): GroupIdentity | undefined {
  const { match, mount, target } = alias;
  const scope = scopeOfMount(host, alias);
  const settings = { ...host.serverScope, ...scope };
  if (settings.dispatchScript !== undefined) return undefined;
  const processTemplate = (alias.processGroup ?? settings.processGroup)?.value ?? '';
  const applicationTemplate = (alias.applicationGroup ?? settings.applicationGroup)?.value ?? '%{RESOURCE}';
  const isFixed = match.kind === 'path' && !target.endsWith('/');
  if (!isFixed && [processTemplate, applicationTemplate].includes('%{RESOURCE}')) return undefined;
  const port = serverPort({ host, scope, hostname: undefined, requestPort, localPort: host.port });
  const isFolded = site.options.modWsgiVersion !== '6' || !site.python.caseSensitive;
  const scriptName = mount.mountPoint.replace(/\/{2,}/g, '/').replace(/^\/$/, '');
  const scriptKey = foldScriptName(scriptName, isFolded);
  const lookup = (name: string): string | undefined =>
    scope.variables?.get(name.toLowerCase())?.value ?? site.options.environment[name];
  const facts: NameFacts = { serverName: host.serverName, hostname: undefined, port, scriptKey, lookup };
  const processGroup = expandName(processTemplate, facts);
  const applicationGroup = expandName(applicationTemplate, facts);
  if ([processGroup, applicationGroup].some((name) => environmentVariable(name) !== undefined))
    return undefined;
  if (processGroup !== '' && !site.processGroups.has(processGroup)) return undefined;
  const script = canonicalFilename(target);
  return isolationOf(site, host, { names: { processGroup, applicationGroup }, mount, script });
}

/** The place of a mount itself, conditions left out. */
export function scopeOfMount(host: VirtualHost, { mount, target }: ScriptAlias): Scope {
  const file = canonicalFilename(target);
  const folder = file.slice(0, file.lastIndexOf('/') + 1);
  let scope = mergeRemembered(host.merges, host.defaults, walkDirectories(host, folder, file));
  scope = mergeRemembered(host.merges, scope, walkFiles(host, scope, file));
  return mergeRemembered(host.merges, scope, walkLocations(host, mount.mountPoint));
}
