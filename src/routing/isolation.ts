/** Which requests of one name share a process (DESIGN: "The group process"). */
import type { Isolation, Mount, Site, VirtualHost } from '../site/model.ts';
import type { GroupIdentity } from './group-key.ts';

/** A request's group before it is parted. */
export type Shared = {
  readonly names: { readonly processGroup: string; readonly applicationGroup: string };
  readonly mount: Mount;
  readonly script: string;
};

/** The identity of a group: its names, and what `isolation` of the mount, the virtual host or everything adds. */
export function isolationOf(site: Site, host: VirtualHost, { names, mount, script }: Shared): GroupIdentity {
  const { isolation } = site.options;
  const rule: Isolation =
    isolation.mounts?.[mount.id] ??
    isolation.virtualHosts?.[host.id] ??
    isolation.virtualHosts?.[host.serverName] ??
    isolation.default;
  if (rule === 'per-script') return { ...names, part: { kind: 'script', script } };
  return rule === 'per-mount' ? { ...names, part: { kind: 'mount', mount: mount.id } } : names;
}
