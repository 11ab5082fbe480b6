/** Names in the settings that lead to nothing in the configuration: mostly a typing error, of which nothing else would tell. */
import { fromBytes, toBytes } from '../apache/bytes.ts';
import type { Diagnostic } from '../apache/diagnostic.ts';
import { groupId } from '../groups/plan.ts';
import { nearest } from '../nearest.ts';
import { declaredGroups, declaredIdentity, portGroups, scopeOfMount } from '../routing/declared-groups.ts';
import { displayName, groupKey } from '../routing/group-key.ts';
import type { Settings } from '../settings/load.ts';
import type { Site } from '../site/model.ts';

/** The settings whose keys are names of the configuration. */
export type NamingSettings = Pick<Settings, 'groups' | 'virtualHosts' | 'mounts'>;

/** A finding for each key of `groups`, `virtualHosts` and `mounts` that names nothing. */
export function judgeNames(settings: NamingSettings, site: Site): Diagnostic[] {
  const hosts = [site.main, ...site.virtualHosts].flatMap(({ id, serverName }) => [id, serverName]);
  return [
    ...unused('virtualHosts', 'virtual host', Object.keys(settings.virtualHosts), hosts.map(fromBytes)),
    ...unused(
      'mounts',
      'mount',
      Object.keys(settings.mounts),
      site.mounts.map(({ id }) => fromBytes(id)),
    ),
    // Requests may make groups of names that no configuration tells.
    ...(makesOthers(site) ? [] : unused('groups', 'group', ownKeys(settings.groups), groupNames(site))),
  ];
}

/** Whether requests make groups that are not declared: by handlers, patterns, folders, and the names that clients use. */
function makesOthers(site: Site): boolean {
  if (site.mounts.some(({ kind }) => kind === 'handler')) return true;
  return [site.main, ...site.virtualHosts].some((host) =>
    host.scriptAliases.entries.some((alias) => {
      const { applicationGroup, processGroup } = { ...host.serverScope, ...scopeOfMount(host, alias) };
      const templates = [alias.applicationGroup ?? applicationGroup, alias.processGroup ?? processGroup];
      return (
        templates.some((template) => template?.value.includes('%{HOST}')) ||
        declaredIdentity(site, host, alias) === undefined
      );
    }),
  );
}

function ownKeys(groups: Settings['groups']): readonly string[] {
  return Object.keys(groups).filter((key) => key !== 'defaults');
}

/** Process groups, application groups and ids, as keys of `groups` name them. */
function groupNames(site: Site): readonly string[] {
  const identities = [...declaredGroups(site), ...portGroups(site)].map(({ identity }) => identity);
  const names = [
    '',
    ...site.processGroups.keys(),
    ...identities.flatMap(({ processGroup, applicationGroup }) => [processGroup, applicationGroup]),
  ];
  const ids = identities.map((identity) => groupId(groupKey(identity)));
  return [...new Set([...names.map((name) => displayName(fromBytes(name))), ...ids])];
}

function unused(
  setting: string,
  what: string,
  keys: readonly string[],
  known: readonly string[],
): readonly Diagnostic[] {
  return keys
    .filter((key) => !known.includes(key))
    .map((key) => {
      const meant = nearest(key, known);
      return {
        severity: 'warning',
        id: 'setting-unused',
        message: toBytes(
          `Setting "${setting}" names "${key}", and no ${what} is called so: what it says has no effect`,
        ),
        advice: toBytes(
          meant === undefined
            ? 'Name one as "wsgi-sidecar groups --json" prints it'
            : `Did you mean "${meant}"?`,
        ),
      };
    });
}
