/** `<VirtualHost>` and `Listen`: addresses, and what a virtual host inherits from the main server. */

import { isIP } from 'node:net';
import type { Directive, Section } from '../apache/directive.ts';
import { canonicalAddress } from './address-block.ts';
import { indexAliases } from './alias.ts';
import type { BuildContext } from './build-context.ts';
import { coreForms } from './core-forms.ts';
import { diagnose } from './diagnose.ts';
import type { HostDraft } from './host-draft.ts';
import type { HostAddress, Listener, VirtualHost } from './model.ts';
import type { RewriteRules } from './rewrite.ts';
import { mergeRewrite } from './rewrite-merge.ts';
import { hasOption, mergeScopes, noExtensions, type Scope, type ScopeSection } from './scope.ts';
import { buildSectionList } from './section-list.ts';
import { wordsOf } from './word-forms.ts';

/** The addresses of a `<VirtualHost>` (httpd `get_addresses()`); `mainPort` is the port of the main ServerName so far. */
export function parseAddresses(section: Section, mainPort: number, context: BuildContext): HostAddress[] {
  return section.args.flatMap((text): HostAddress[] => {
    const match = /^(\[[^\]]*\]|[^:]*|[^:]*:[^\]]*:[^:]*?)(?::(\d+|\*))?$/s.exec(text);
    const name = (match?.[1] ?? text).replace(/^\[|\]$/g, '');
    const port =
      match?.[2] === '*' || text === '*' ? 0 : match?.[2] === undefined ? mainPort : Number(match[2]);
    if (name === '*' || name.toLowerCase() === '_default_') return [{ text: name, address: '*', port }];
    if (name.toLowerCase() === 'localhost') {
      return ['127.0.0.1', '::1'].map((address) => ({
        text: name,
        address: canonicalAddress(address),
        port,
      }));
    }
    if (isIP(name) === 0) {
      const message = `The address "${name}" is a name, and the sidecar does not look names up`;
      const advice = 'Write the numeric address';
      context.diagnostics.push({ ...diagnose(section, 'error', 'virtual-host-address', message), advice });
      return [];
    }
    const canonical = canonicalAddress(name);
    const isAny = name === '0.0.0.0' || /^[0:]+$/.test(name);
    return [{ text: name, address: isAny ? '*' : canonical, port }];
  });
}

/** `Listen [address:]port [protocol]`. */
export function parseListener(directive: Directive): Listener | undefined {
  const said = wordsOf(coreForms.listen, directive);
  if (said === undefined) return undefined;
  const { address, port, protocol } = said;
  const base = { address, port, position: directive.position };
  return protocol === undefined ? base : { ...base, protocol };
}

/** What a finished virtual host needs besides its own text. */
export type Inheritance = {
  readonly id: string;
  readonly main: HostDraft;
  /** The main server, finished; undefined while it is the one. */
  readonly mainHost: VirtualHost | undefined;
  readonly listeners: readonly Listener[];
  readonly context: BuildContext;
};

/** The virtual host with everything inherited merged in; for the main server `draft` is `main` itself. */
export function finishHost(draft: HostDraft, inheritance: Inheritance): VirtualHost {
  const { main, mainHost, context, id } = inheritance;
  const own = draft === main ? [draft] : [draft, main];
  const pick = <K extends keyof HostDraft>(key: K): HostDraft[K] | undefined =>
    own.map((host) => host[key]).find((value) => value !== undefined);
  const sections = (key: 'directories' | 'locations'): ScopeSection[] =>
    [...own].reverse().flatMap((host) => host[key]);
  const serverName = serverNameOf(draft, main, context);
  const scheme = pick('sslEngine') === true || draft.serverScheme === 'https' ? 'https' : 'http';
  const inheritsDirectories = mainHost !== undefined && draft.directories.length === 0;
  const directories = inheritsDirectories ? mainHost : sortDirectories(sections('directories'));
  return {
    id,
    serverName,
    lowerName: serverName.toLowerCase(),
    position: draft.position,
    isMain: draft.isMain,
    addresses: draft.addresses,
    port: draft.port,
    aliases: draft.aliases,
    legacyPath: draft.legacyPath,
    scheme,
    documentRoot: pick('documentRoot') ?? `${context.options.serverRoot}/htdocs`,
    virtualRoot: pick('virtualRoot'),
    virtualScripts: pick('virtualScripts'),
    userFolders: pick('userFolders'),
    watchesLinks: own.some(watchesLinks),
    serverRoot: context.options.serverRoot,
    serverAdmin: pick('serverAdmin') ?? '[no address given]',
    mergeSlashes: pick('mergeSlashes') ?? true,
    encodedSlashes: draft.encodedSlashes,
    strictHost: pick('strictHost') ?? true,
    requireKnownHost: pick('requireKnownHost') ?? false,
    traceEnabled: pick('traceEnabled') ?? true,
    registeredMethods: pick('registeredMethods') ?? false,
    proxyPasses: indexAliases(own.flatMap((host) => host.proxyPasses)),
    redirects: indexAliases(own.flatMap((host) => host.redirects)),
    fileAliases: indexAliases(own.flatMap((host) => host.fileAliases)),
    scriptAliases: indexAliases(own.flatMap((host) => host.scriptAliases)),
    rewrite: serverRewrite(draft, main),
    setEnvIf: setEnvIfRules(own),
    serverScope: inheritScope(draft, inheritance, 'serverScope'),
    defaults: inheritScope(draft, inheritance, 'defaults'),
    directories: directories.directories,
    directoryPatterns: directories.directoryPatterns,
    locations:
      mainHost !== undefined && draft.locations.length === 0
        ? mainHost.locations
        : buildSectionList(sections('locations')),
    hasEarlyScopes: hasEarlyScopes(own),
    merges: context.memo.merges,
    declaredNames: new Set(
      [serverName, ...draft.aliases.filter((alias) => !/[*?]/.test(alias))].map((name) => name.toLowerCase()),
    ),
    declaredPorts: declaredPorts(draft, inheritance),
  };
}

function watchesLinks({ defaults, directories }: HostDraft): boolean {
  return [defaults, ...directories.map(({ scope }) => scope)].some(({ options }) => {
    if (options === undefined) return false;
    return hasOption(options, 'symlinksifownermatch') || !hasOption(options, 'followsymlinks');
  });
}

const noRules: VirtualHost['setEnvIf'] = [];

function setEnvIfRules(own: readonly HostDraft[]): VirtualHost['setEnvIf'] {
  const rules = [...own].reverse().flatMap((host) => host.setEnvIf);
  return rules.length === 0 ? noRules : rules;
}

/** One object for all that say nothing themselves: what is made of it is made once, and stays in the processor's caches. */
function inheritScope(
  draft: HostDraft,
  { main, mainHost }: Inheritance,
  key: 'serverScope' | 'defaults',
): Scope {
  if (mainHost !== undefined && Object.keys(draft[key]).length === 0) return mainHost[key];
  // Apache's server always has tables of extensions: what the first section removes is removed though there is nothing before it.
  const base = { extensions: noExtensions, ...main[key] };
  const scope = mergeScopes(base, draft === main ? {} : draft[key]);
  return key === 'defaults' ? withoutServerRules(scope) : scope;
}

const earlyKeys = [
  'locationAlias',
  'locationRedirect',
  'rewrite',
  'conditions',
  'useCanonicalName',
  'useCanonicalPhysicalPort',
];

/** Whether the translation of a path has to know the sections of its own location first. */
function hasEarlyScopes(own: readonly HostDraft[]): boolean {
  const scopes = own.flatMap((host) => [host.defaults, ...host.locations.map(({ scope }) => scope)]);
  return scopes.some((scope) => earlyKeys.some((key) => key in scope));
}

/** Rules outside sections are the server's; only the switch and the options also count for places (mod_rewrite `cmd_rewriteengine()`). */
function withoutServerRules(defaults: VirtualHost['defaults']): VirtualHost['defaults'] {
  if (defaults.rewrite === undefined) return defaults;
  const rewrite = { ...defaults.rewrite, rules: [], directory: undefined };
  return { ...defaults, rewrite };
}

function serverRewrite(draft: HostDraft, main: HostDraft): RewriteRules | undefined {
  const [over, base] = [draft.defaults.rewrite, draft === main ? undefined : main.defaults.rewrite];
  if (over === undefined && base === undefined) return undefined;
  const none = { engine: undefined, options: undefined, base: undefined, directory: undefined };
  const empty: RewriteRules = { ...none, rules: [], maps: new Map() };
  return mergeRewrite(base ?? empty, over ?? empty);
}

function serverNameOf(draft: HostDraft, main: HostDraft, context: BuildContext): string {
  if (draft.serverName !== undefined) return draft.serverName;
  const mainName = main.serverName ?? context.options.hostName;
  if (
    draft === main ||
    draft.addresses.length === 0 ||
    draft.addresses.some(({ address }) => address === '*')
  ) {
    return mainName;
  }
  const message =
    'The virtual host has no ServerName, so Apache asks the name service for one, which the sidecar does not';
  const subject = { name: '<VirtualHost>', position: draft.position };
  const advice = 'Write the ServerName that it has now';
  context.diagnostics.push({ ...diagnose(subject, 'error', 'server-name-missing', message), advice });
  return draft.addresses[0]?.text ?? mainName;
}

/** httpd `ap_core_reorder_directories()`: by the number of slashes, in file order among equals, patterns last. */
function sortDirectories(
  sections: readonly ScopeSection[],
): Pick<VirtualHost, 'directories' | 'directoryPatterns'> {
  const depth = ({ match }: ScopeSection): number => ('components' in match ? match.components : 0);
  const plain = sections.filter(({ match }) => 'components' in match);
  return {
    directories: buildSectionList(plain.toSorted((a, b) => depth(a) - depth(b))),
    directoryPatterns: sections.filter(({ match }) => !('components' in match)),
  };
}

function declaredPorts(draft: HostDraft, { listeners, context }: Inheritance): ReadonlySet<number> {
  const ports = new Set([80, 443, ...context.options.ports]);
  if (draft.port !== 0) ports.add(draft.port);
  const isOpen = draft.isMain || draft.addresses.some(({ port }) => port === 0);
  for (const { port } of isOpen ? listeners : []) ports.add(port);
  for (const { port } of draft.addresses) if (port !== 0) ports.add(port);
  return sharedPorts(context, ports);
}

/** One set for all virtual hosts of the same ports. */
function sharedPorts({ memo }: BuildContext, ports: ReadonlySet<number>): ReadonlySet<number> {
  const key = [...ports].sort((a, b) => a - b).join();
  const known = memo.portSets.get(key) ?? ports;
  memo.portSets.set(key, known);
  return known;
}
