/** Whether requests of a place reach a process group (mod_wsgi: `wsgi_execute_remote()`): WSGIRestrictProcess, WSGIRestrictEmbedded, existence, visibility. */
import type { Mount, Site, VirtualHost } from '../site/model.ts';
import type { Scope } from '../site/scope.ts';
import { reachableHosts, scopeOfMount } from './declared-groups.ts';

/** Why requests there get 500, in words, or undefined where the process group is theirs to use. */
export function processGroupProblem(
  site: Site,
  host: VirtualHost,
  { restrictProcess }: { readonly restrictProcess?: Scope['restrictProcess'] | undefined },
  name: string,
): string | undefined {
  if (restrictProcess !== undefined && !restrictProcess.value.has(name.toLowerCase()))
    return `WSGIRestrictProcess does not list the process group "${name === '' ? '%{GLOBAL}' : name}"`;
  if (name === '')
    return site.python.restrictEmbedded ? 'WSGIRestrictEmbedded forbids embedded mode' : undefined;
  const group = site.processGroups.get(name);
  if (group === undefined) return `No WSGIDaemonProcess is called "${name}"`;
  if (group.definedIn === undefined || group.definedIn === host.id) return undefined;
  const owner = site.virtualHosts.find(({ id }) => id === group.definedIn);
  if (owner?.serverName === host.serverName) return undefined;
  return `The process group "${name}" belongs to another virtual host`;
}

/** A mount whose every request gets 500, and why. */
export type ShutMount = { readonly mount: Mount; readonly problem: string };

/** The mounts that the configuration leads to a process group that they cannot reach; templates wait for a request. */
export function shutMounts(site: Site): readonly ShutMount[] {
  const found = new Map<string, ShutMount>();
  for (const host of reachableHosts(site)) {
    for (const alias of host.scriptAliases.entries) {
      const scope = { ...host.serverScope, ...scopeOfMount(host, alias) };
      const name = (alias.processGroup ?? scope.processGroup)?.value ?? '';
      if (scope.dispatchScript !== undefined || name.startsWith('%{')) continue;
      const problem = processGroupProblem(site, host, scope, name);
      if (problem !== undefined) found.set(`${alias.mount.id} ${problem}`, { mount: alias.mount, problem });
    }
  }
  return [...found.values()];
}
