/** A site from configuration text, and requests to it: for tests of meaning and routing, without files. */

import { toBytes } from '../../src/apache/bytes.ts';
import type { Diagnostic } from '../../src/apache/diagnostic.ts';
import type { FileReader } from '../../src/apache/file-reader.ts';
import { loadConfiguration } from '../../src/apache/load.ts';
import { resolveRoute } from '../../src/routing/resolve.ts';
import type { FileProbe, NoRoute, Route, RouteRequest, WsgiRoute } from '../../src/routing/route.ts';
import { buildSite } from '../../src/site/build.ts';
import type { Site, SiteOptions } from '../../src/site/model.ts';

export const CONFIGURATION_FILE = '/etc/apache2/test.conf';

/** The meaning of a text; every module counts as loaded. */
export function readSiteText(
  text: string,
  options: Partial<SiteOptions> = {},
): { readonly site: Site; readonly diagnostics: readonly Diagnostic[] } {
  const missing = { reason: 'No such file or directory', missing: true };
  const reader: FileReader = {
    read: (path) => (path === CONFIGURATION_FILE ? { bytes: Buffer.from(text) } : missing),
    list: () => missing,
    kind: (path) => (path === CONFIGURATION_FILE ? 'file' : undefined),
  };
  const loaded = loadConfiguration({ file: CONFIGURATION_FILE, reader, environment: {}, defines: [] });
  return buildSite(loaded.tree, { hostName: 'machine.test', ...options });
}

export function siteOf(text: string, options: Partial<SiteOptions> = {}): Site {
  return readSiteText(text, options).site;
}

/** Files that exist; their folders exist with them. */
export function probeOf(...files: readonly string[]): FileProbe {
  const known = new Map<string, 'file' | 'directory'>(files.map((file) => [file, 'file']));
  for (const file of files) {
    for (let at = file.indexOf('/'); at !== -1; at = file.indexOf('/', at + 1)) {
      known.set(file.slice(0, at) || '/', 'directory');
      known.set(file.slice(0, at + 1), 'directory');
    }
  }
  return { kind: (path) => known.get(path) ?? 'missing' };
}

/** A GET from `10.0.0.9` to port 80 of `192.0.2.1`. */
export function requestTo(url: string, changes: Partial<RouteRequest> = {}): RouteRequest {
  const [, host = '', target = '/'] = /^http:\/\/([^/]*)(.*)$/s.exec(url) ?? [];
  return {
    localAddress: '192.0.2.1',
    localPort: 80,
    tls: false,
    method: 'GET',
    target: toBytes(target === '' ? '/' : target),
    minorVersion: 1,
    remoteAddress: '10.0.0.9',
    ...changes,
    rawHeaders: ['Host', host, ...(changes.rawHeaders ?? [])],
  };
}

/** The route of a request; files below `/srv` that end in `.wsgi` exist. */
export function routeOf(site: Site, url: string, changes: Partial<RouteRequest> = {}): Route {
  const probe: FileProbe = {
    kind: (path) => {
      if (/^\/srv\/[^.]*\.wsgi$/.test(path)) return 'file';
      return /^\/(?:srv(?:\/[^.]*)?)?$/.test(path) ? 'directory' : 'missing';
    },
  };
  return resolveRoute(site, requestTo(url, changes), probe);
}

export function wsgiRouteOf(site: Site, url: string, changes: Partial<RouteRequest> = {}): WsgiRoute {
  const route = routeOf(site, url, changes);
  if (route.kind !== 'wsgi') throw new Error(`no WSGI route: ${JSON.stringify(describe(route))}`);
  return route;
}

export function noRouteOf(site: Site, url: string, changes: Partial<RouteRequest> = {}): NoRoute {
  const route = routeOf(site, url, changes);
  if (route.kind !== 'none') throw new Error(`a route: ${JSON.stringify(describe(route))}`);
  return route;
}

function describe(route: Route): unknown {
  const { virtualHost: _, ...rest } = route;
  return rest;
}
