/** Mounts that sections make: `SetHandler` and `AddHandler wsgi-script`, `WSGIHandlerScript`. Their groups have the URL's name unless set. */
import type { FileReader } from '../apache/file-reader.ts';
import type { Mount, VirtualHost } from '../site/model.ts';
import { type HandlerSetting, mergeScopes, type Scope, type ScopeSection } from '../site/scope.ts';
import { walkDirectories, walkLocations } from '../site/walk.ts';
import { callableOf } from './callable.ts';
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
  const sections = [
    serverSection(host),
    ...host.directories.sections,
    ...host.directoryPatterns,
    ...host.locations.sections,
  ].flatMap(withFiles);
  const seen = new Set<Mount>();
  return sections.flatMap((section) => {
    const scope = { ...host.serverScope, ...scopeAt(host, section) };
    const ways = waysOf(section, reader).filter(({ mount }) => !seen.has(mount));
    for (const { mount } of ways) seen.add(mount);
    return ways.map((way) => placeWay(host, scope, way));
  });
}

/** What stands outside sections counts in the document root. */
function serverSection(host: VirtualHost): ScopeSection {
  const path = `${host.documentRoot.replace(/\/$/, '')}/`;
  const { handlerScripts } = host.serverScope;
  return {
    match: { kind: 'path', path, components: path.split('/').length - 1 },
    scope: handlerScripts === undefined ? host.defaults : { ...host.defaults, handlerScripts },
    position: host.position,
    title: host.id,
  };
}

/** `<Files>` in a section sets handlers for the same folder. */
function withFiles(section: ScopeSection): readonly ScopeSection[] {
  const inner = section.scope.files ?? [];
  return [section, ...inner.map(({ scope, position, title }) => ({ ...section, scope, position, title }))];
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
    ...callableOf(scope, mount.kind === 'handler-script' ? 'handle_request' : scope.callableObject?.value),
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
  const isLocation = host.locations.sections.some((section) => section.match === match);
  const walked = isLocation ? walkLocations(host, match.path) : walkDirectories(host, match.path, match.path);
  return mergeScopes(host.defaults, walked);
}

/** Files with the handler's extension in a plain folder; elsewhere the URL decides. */
function waysOf({ match, scope }: ScopeSection, reader: FileReader): readonly Way[] {
  const list = (isScript?: (name: string) => boolean): readonly string[] =>
    // The whole machine is no folder of scripts.
    match.kind === 'path' && match.components > 1
      ? listScripts(match.path.replace(/(.)\/$/, '$1'), reader, isScript)
      : [];
  const whole = [scope.handler, scope.forceType]
    .filter((handler) => isWsgi(handler))
    .map(({ mount }) => ({ mount, scripts: list(), groups: {} }));
  const tables = [...(scope.extensions?.handlers ?? []), ...(scope.extensions?.types ?? [])];
  const byExtension = tables.flatMap(([extension, handler]) => {
    const isScript = (name: string): boolean => name.toLowerCase().split('.').slice(1).includes(extension);
    return isWsgi(handler) ? [{ mount: handler.mount, scripts: list(isScript), groups: {} }] : [];
  });
  const handlers = Array.from(scope.handlerScripts?.values() ?? [], (handler) => ({
    mount: handler.mount,
    scripts: [handler.script],
    groups: {
      ...(handler.processGroup === undefined ? {} : { processGroup: handler.processGroup }),
      ...(handler.applicationGroup === undefined ? {} : { applicationGroup: handler.applicationGroup }),
    },
  }));
  return [...whole, ...byExtension, ...handlers];
}

function isWsgi(handler: HandlerSetting | undefined): handler is HandlerSetting {
  return handler !== undefined && WSGI_HANDLERS.has(handler.value);
}
