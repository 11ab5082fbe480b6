/** Mounts that sections make: `SetHandler` and `AddHandler wsgi-script`, `WSGIHandlerScript`. Their groups have the URL's name unless set. */
import type { FileReader } from '../apache/file-reader.ts';
import type { Mount, VirtualHost } from '../site/model.ts';
import { mergeScopes, type Scope, type ScopeSection } from '../site/scope.ts';
import { walkDirectories, walkLocations } from '../site/walk.ts';
import type { Placement } from './placement.ts';
import { listScripts } from './scripts.ts';

type Way = {
  readonly mount: Mount;
  readonly scripts: readonly string[];
  readonly groups: Pick<Scope, 'processGroup' | 'applicationGroup'>;
};

const WSGI_HANDLERS: ReadonlySet<string> = new Set(['wsgi-script', 'application/x-httpd-wsgi']);

/** A placement for each mount of the sections of a virtual host. */
export function handlerPlacements(host: VirtualHost, reader: FileReader): readonly Placement[] {
  const sections = [...host.directories.sections, ...host.directoryPatterns, ...host.locations.sections];
  const seen = new Set<Mount>();
  return sections.flatMap((section) => {
    const scope = { ...host.serverScope, ...scopeAt(host, section) };
    const ways = waysOf(section, reader).filter(({ mount }) => !seen.has(mount));
    for (const { mount } of ways) seen.add(mount);
    return ways.map((way) => placeWay(host, scope, way));
  });
}

function placeWay(host: VirtualHost, scope: Scope, { mount, scripts, groups }: Way): Placement {
  const application = groups.applicationGroup ?? scope.applicationGroup;
  const processTemplate = (groups.processGroup ?? scope.processGroup)?.value ?? '';
  const applicationTemplate = application?.value ?? '%{RESOURCE}';
  const plain = (name: string): string => (name === '%{GLOBAL}' ? '' : name);
  const isFixed = ![processTemplate, applicationTemplate].some((name) => plain(name).startsWith('%{'));
  return {
    host,
    mount,
    scripts,
    processTemplate,
    applicationTemplate,
    position: application?.position ?? mount.position,
    ...(isFixed
      ? { identity: { processGroup: plain(processTemplate), applicationGroup: plain(applicationTemplate) } }
      : { reason: 'url' }),
    scope,
    preloaded: false,
  };
}

function scopeAt(host: VirtualHost, { match, scope }: ScopeSection): Scope {
  if (match.kind !== 'path') return mergeScopes(host.defaults, scope);
  const isFolder = host.directories.sections.some((section) => section.match === match);
  const walked = isFolder ? walkDirectories(host, match.path, match.path) : walkLocations(host, match.path);
  return mergeScopes(host.defaults, walked);
}

/** Files with the handler's extension in a plain folder; elsewhere the URL decides. */
function waysOf({ match, scope }: ScopeSection, reader: FileReader): readonly Way[] {
  const scripts = match.kind === 'path' ? listScripts(match.path.replace(/(.)\/$/, '$1'), reader) : [];
  const handlers = [
    scope.handler,
    scope.forceType,
    ...(scope.extensions?.handlers.values() ?? []),
    ...(scope.extensions?.types.values() ?? []),
  ];
  const wsgi = handlers.filter((handler) => handler !== undefined && WSGI_HANDLERS.has(handler.value));
  return [
    ...wsgi.flatMap((handler) =>
      handler === undefined ? [] : [{ mount: handler.mount, scripts, groups: {} }],
    ),
    ...Array.from(scope.handlerScripts?.values() ?? [], (handler) => ({
      mount: handler.mount,
      scripts: [handler.script],
      groups: {
        ...(handler.processGroup === undefined ? {} : { processGroup: handler.processGroup }),
        ...(handler.applicationGroup === undefined ? {} : { applicationGroup: handler.applicationGroup }),
      },
    })),
  ];
}
