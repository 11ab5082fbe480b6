/** The directives and sections directly inside a `<VirtualHost>` or the main server. */
import type { Directive, DirectiveNode, Section } from '../apache/directive.ts';
import { absolutePath, parseAlias } from './alias.ts';
import type { PlaceContext, ScopeDraft } from './build-context.ts';
import { coreForms } from './core-forms.ts';
import { diagnose } from './diagnose.ts';
import type { HostDraft } from './host-draft.ts';
import { parseProxyPass } from './proxy-pass.ts';
import { readNode, readSection, scopeReaders } from './scope-reader.ts';
import { parseScriptAlias } from './script-alias.ts';
import { parseUserDir, parseVirtualRoot } from './virtual-root.ts';
import { wordsOf } from './word-forms.ts';
import { wsgiReaders } from './wsgi-readers.ts';

type HostReader = (host: HostDraft, directive: Directive, place: PlaceContext) => void;

/** By lower-case name; what is in neither table goes to the scope readers. */
const hostReaders: Readonly<Record<string, HostReader>> = {
  servername: readServerName,
  serveralias: (host, directive) => host.aliases.push(...directive.args),
  serverpath: (host, directive) => {
    host.legacyPath = directive.args[0];
  },
  documentroot: (host, directive, place) => {
    host.documentRoot = absolutePath(place.build.options.serverRoot, directive.args[0] ?? '').replace(
      /(.)\/+$/,
      '$1',
    );
  },
  virtualdocumentroot: readVirtualRoot,
  virtualdocumentrootip: readVirtualRoot,
  virtualscriptalias: readVirtualScripts,
  virtualscriptaliasip: readVirtualScripts,
  userdir: (host, directive, place) => {
    const rule = parseUserDir(directive);
    if (rule === undefined) return;
    host.userFolders = rule;
    place.build.diagnostics.push(rule);
  },
  serveradmin: (host, directive) => {
    host.serverAdmin = directive.args[0] ?? '';
  },
  sslengine: (host, directive) => {
    host.sslEngine = wordsOf(coreForms.sslengine, directive) === 'on';
  },
  mergeslashes: (host, directive) => {
    host.mergeSlashes = wordsOf(coreForms.mergeslashes, directive) ?? true;
  },
  allowencodedslashes: (host, directive) => {
    host.encodedSlashes = wordsOf(coreForms.allowencodedslashes, directive) ?? 'off';
  },
  httpprotocoloptions: (host, directive) => {
    const said = wordsOf(coreForms.httpprotocoloptions, directive);
    host.strictHost = said?.isStrict ?? host.strictHost;
    host.registeredMethods = said?.isRegistered ?? host.registeredMethods;
  },
  stricthostcheck: (host, directive) => {
    host.requireKnownHost = wordsOf(coreForms.stricthostcheck, directive) ?? false;
  },
  traceenable: (host, directive) => {
    host.traceEnabled = wordsOf(coreForms.traceenable, directive) !== 'off';
  },
  alias: (host, directive, place) =>
    host.fileAliases.push(parseAlias(directive, place.build.options.serverRoot)),
  aliasmatch: (host, directive, place) =>
    host.fileAliases.push(parseAlias(directive, place.build.options.serverRoot)),
  scriptalias: (host, directive, place) =>
    host.fileAliases.push(parseAlias(directive, place.build.options.serverRoot)),
  scriptaliasmatch: (host, directive, place) =>
    host.fileAliases.push(parseAlias(directive, place.build.options.serverRoot)),
  proxypass: (host, directive, place) => takeProxyPass(host, directive, { place }),
  proxypassmatch: (host, directive, place) => takeProxyPass(host, directive, { place }),
  wsgiscriptalias: readScriptAlias,
  wsgiscriptaliasmatch: readScriptAlias,
};

function readVirtualRoot(host: HostDraft, directive: Directive): void {
  host.virtualRoot = parseVirtualRoot(directive) ?? host.virtualRoot;
}

function readVirtualScripts(host: HostDraft, directive: Directive): void {
  host.virtualScripts = parseVirtualRoot(directive) ?? host.virtualScripts;
}

function readScriptAlias(host: HostDraft, directive: Directive, place: PlaceContext): void {
  const alias = parseScriptAlias(directive, place);
  if (alias !== undefined) host.scriptAliases.push(alias);
}

function readServerName(host: HostDraft, directive: Directive): void {
  const said = wordsOf(coreForms.servername, directive);
  if (said === undefined) return;
  const { scheme, name, port } = said;
  host.serverName = name;
  if (scheme !== undefined) host.serverScheme = scheme;
  host.port = port;
}

/** Reads one node of a server's text. */
export function readHostNode(host: HostDraft, node: DirectiveNode, place: PlaceContext): void {
  if (node.kind === 'section') readHostSection(host, node, place);
  else {
    const reader = hostReaders[node.key];
    if (reader !== undefined) reader(host, node, place);
    else if (node.key in wsgiReaders) scopeReaders.get(node.key)?.(host.serverScope, node, place);
    else readNode(host.defaults, node, place);
  }
}

function readHostSection(host: HostDraft, section: Section, place: PlaceContext): void {
  takeLocationProxies(host, section, place);
  switch (section.key) {
    case 'directory':
    case 'directorymatch':
      host.directories.push(readSection(section, place));
      return;
    case 'location':
    case 'locationmatch':
      host.locations.push(readSection(section, place));
      return;
    default:
      readNode(host.defaults, section, place);
  }
}

/** `ProxyPass` inside a `<Location>` belongs to the server, with the location as its path. */
function takeLocationProxies(host: HostDraft, section: Section, place: PlaceContext): void {
  if (!section.key.startsWith('location')) return;
  for (const node of section.children) {
    if (node.kind !== 'directive' || !node.key.startsWith('proxypass') || node.key.startsWith('proxypassr'))
      continue;
    const isPattern = section.key === 'locationmatch' || section.args[0] === '~';
    const path = section.args[0] === '~' ? (section.args[1] ?? '') : (section.args[0] ?? '');
    const key = isPattern ? 'proxypassmatch' : 'proxypass';
    if (node.key === 'proxypass' || node.key === 'proxypassmatch')
      takeProxyPass(host, { ...node, key }, { place, location: path });
  }
}

type ProxyPlace = { readonly place: PlaceContext; readonly location?: string };

function takeProxyPass(host: HostDraft, directive: Directive, { place, location }: ProxyPlace): void {
  const pass = parseProxyPass(directive, location);
  host.proxyPasses.push(pass);
  if (!pass.isForwarded) return;
  const message = `"${directive.name} ${directive.text}" makes Apache forward requests, which the sidecar does not`;
  const advice = 'Leave what it covers to Apache: behind it nothing is to do, in front of it set legacy';
  place.build.diagnostics.push({
    ...diagnose(directive, 'warning', 'apache-only-directive', message),
    advice,
  });
}

/**
 * Moves to the server what outside sections belongs to the server's configuration and not to that of places:
 * mod_setenvif's rules, mod_alias's redirects (httpd: `cmd->path` is NULL there).
 */
export function settleHost(host: HostDraft): void {
  const { defaults } = host;
  host.setEnvIf.push(...(defaults.setEnvIf ?? []));
  host.redirects.push(...(defaults.redirects ?? []));
  delete (defaults as ScopeDraft).setEnvIf;
  delete (defaults as ScopeDraft).redirects;
}
