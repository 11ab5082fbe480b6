/** What becomes of a request, for people and programs: a question about a URL → the route and every decision on the way. */
import type { Question } from '../../routes/model.ts';
import { fromBytes, toBytes } from '../apache/bytes.ts';
import { type Diagnostic, renderDiagnostic } from '../apache/diagnostic.ts';
import { SidecarError } from '../errors.ts';
import { groupId } from '../groups/plan.ts';
import { explainRoute } from '../routing/explain.ts';
import { displayName } from '../routing/group-key.ts';
import type { Access, Route, RouteRequest, WsgiRoute } from '../routing/route.ts';
import type { Site } from '../site/model.ts';
import { createFileProbe } from '../supervisor/file-probe.ts';

/** All of it as text; names that are empty in mod_wsgi are written `%{GLOBAL}`. */
export type Explanation = {
  readonly url: string;
  readonly kind: Route['kind'];
  readonly virtualHost?: string;
  readonly mount?: string;
  readonly script?: string;
  readonly scriptName?: string;
  readonly pathInfo?: string;
  readonly group?: {
    readonly id: string;
    readonly processGroup: string;
    readonly applicationGroup: string;
    readonly part?: string;
  };
  /** What the real server would have named the group, where the sidecar serves it in another one. */
  readonly namedByApache?: { readonly processGroup: string; readonly applicationGroup: string };
  readonly access?: string;
  /** For files, redirects and refusals: what is answered. */
  readonly answer?: string;
  readonly steps: readonly { readonly step: string; readonly text: string; readonly place?: string }[];
};

/** Asks routing; throws ERR_CONFIG_SYNTAX for a URL that is none. */
export function explainQuestion(site: Site, question: Question): Explanation {
  const request = requestOf(site, question);
  const { route, steps } = explainRoute(site, request, createFileProbe());
  const { virtualHost } = route;
  return {
    url: question.url,
    kind: route.kind,
    ...(virtualHost === undefined ? {} : { virtualHost: fromBytes(virtualHost.id) }),
    ...(route.kind === 'wsgi' ? describeWsgi(route) : { answer: describeAnswer(route) }),
    steps: steps.map(({ step, text, position }) => ({
      step,
      text: fromBytes(text),
      ...(position === undefined ? {} : { place: `${fromBytes(position.file)}:${position.line}` }),
    })),
  };
}

function requestOf(site: Site, { url, method, headers, port }: Question): RouteRequest {
  const match = /^(https?):\/\/([^/?#]+)([^#]*)/i.exec(url);
  const [, scheme = '', authority = '', rest = ''] = match ?? [];
  if (match === null)
    throw new SidecarError('ERR_CONFIG_SYNTAX', `Cannot read "${url}" as a URL: wanted http://HOST/PATH`);
  const tls = scheme.toLowerCase() === 'https';
  const named = Number(/:(\d+)$/.exec(authority)?.[1] ?? (tls ? 443 : 80));
  const listener =
    site.listeners.find((candidate) => candidate.port === (port ?? named)) ?? site.listeners[0];
  const address = listener?.address ?? '*';
  return {
    localAddress: address === '*' ? '127.0.0.1' : address,
    localPort: port ?? listener?.port ?? named,
    tls,
    method,
    target: encoded(rest.startsWith('/') ? rest : `/${rest}`),
    minorVersion: 1,
    rawHeaders: rawHeadersOf(authority, headers),
    remoteAddress: '127.0.0.1',
  };
}

/** As clients write what is beyond ASCII: the bytes of UTF-8, percent-encoded (RFC 3987 §3.1). */
function encoded(target: string): string {
  return toBytes(target).replace(
    /[\x80-\xff]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function rawHeadersOf(authority: string, headers: readonly string[]): string[] {
  const pairs = headers.map((line) => {
    const colon = line.indexOf(':');
    if (colon < 1)
      throw new SidecarError('ERR_CONFIG_SYNTAX', `Cannot read header "${line}": wanted "Name: value"`);
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()] as const;
  });
  const hasHost = pairs.some(([name]) => name.toLowerCase() === 'host');
  return [...(hasHost ? [] : [['Host', authority] as const]), ...pairs].flat().map(toBytes);
}

function describeWsgi(route: WsgiRoute): Partial<Explanation> {
  const { identity, key, mount, scriptFilename, scriptName, pathInfo, folded } = route;
  const { part } = identity;
  return {
    mount: fromBytes(mount.id),
    script: fromBytes(scriptFilename),
    scriptName: fromBytes(scriptName),
    pathInfo: fromBytes(pathInfo),
    group: {
      id: groupId(key),
      processGroup: displayName(fromBytes(identity.processGroup)),
      applicationGroup: displayName(fromBytes(identity.applicationGroup)),
      ...(part === undefined ? {} : { part: fromBytes(part.kind === 'mount' ? part.mount : part.script) }),
    },
    access: describeAccess(route.access),
    ...(folded === undefined
      ? {}
      : {
          namedByApache: {
            processGroup: displayName(fromBytes(folded.processGroup)),
            applicationGroup: displayName(fromBytes(folded.applicationGroup)),
          },
        }),
  };
}

function describeAccess(access: Access): string {
  switch (access.kind) {
    case 'granted':
      return 'granted';
    case 'denied':
      return `denied: ${fromBytes(renderDiagnostic(access.rule))}`;
    case 'front-only':
      return `only behind a declared front: ${fromBytes(renderDiagnostic(withoutAdvice(access.rule)))}`;
    default:
      return access satisfies never;
  }
}

/** What is behind a front already is not told to get one. */
function withoutAdvice({ severity, id, message, position, directive }: Diagnostic): Diagnostic {
  return {
    severity,
    id,
    message,
    ...(position === undefined ? {} : { position }),
    ...(directive === undefined ? {} : { directive }),
  };
}

function describeAnswer(route: Exclude<Route, WsgiRoute>): string {
  switch (route.kind) {
    case 'file':
      return `the file "${fromBytes(route.filename)}"; access ${describeAccess(route.access)}`;
    case 'redirect':
      return `${route.status}, Location: ${fromBytes(route.location)}`;
    case 'none':
      return `${route.status}, ${route.reason}: ${fromBytes(route.message)}`;
    default:
      return route satisfies never;
  }
}
