/**
 * The tree of directives into a `Site`: one pass over the main server's text, which meets the virtual hosts,
 * then the inheritance. Findings are diagnostics, never exceptions.
 */
import type { Diagnostic } from '../apache/diagnostic.ts';
import type { DirectiveNode, Section } from '../apache/directive.ts';
import { accessDiagnostics } from './access-report.ts';
import { buildAddressIndex } from './address-index.ts';
import type { BuildContext, PlaceContext } from './build-context.ts';
import { diagnose } from './diagnose.ts';
import { emptyHost, type HostDraft } from './host-draft.ts';
import { readHostNode, settleHost } from './host-reader.ts';
import { createSiteMemo } from './memo.ts';
import { type Misplaced, misplacedIn } from './misplaced.ts';
import type { ImportScript, Listener, ProcessGroup, Site, SiteOptions, VirtualHost } from './model.ts';
import { parseImportScript, parseProcessGroup } from './process-group.ts';
import { registeredMethods } from './registered-methods.ts';
import { findServerName } from './server-name.ts';
import { emptyServer, readServerDirective, type ServerDraft } from './server-reader.ts';
import { finishHost, parseAddresses, parseListener } from './virtual-host.ts';
import { wordDiagnostics } from './word-report.ts';

/** Settings with nothing special in them. */
export const defaultSiteOptions: SiteOptions = {
  modWsgiVersion: '4.9',
  isolation: { default: 'as-configured' },
  ports: [],
  unknownPort: 'fold',
  expandFromRequest: false,
  environment: {},
  hostName: 'localhost',
  serverRoot: '/etc/apache2',
  modules: new Set(),
};

type Reading = {
  readonly context: BuildContext;
  readonly server: ServerDraft;
  readonly main: HostDraft;
  readonly hosts: { readonly draft: HostDraft; readonly id: string }[];
  readonly hostIds: Set<string>;
  readonly listeners: Listener[];
  readonly processGroups: Map<string, ProcessGroup>;
  readonly imports: ImportScript[];
  readonly methods: ReadonlySet<string>;
};

/** The meaning of a configuration, and everything in it that is worth saying. */
export function buildSite(
  tree: readonly DirectiveNode[],
  options: Partial<SiteOptions> = {},
): { readonly site: Site; readonly diagnostics: readonly Diagnostic[] } {
  const misplaced = misplacedIn(tree);
  const reading = startReading(tree, misplaced, { ...defaultSiteOptions, ...options });
  for (const node of tree) readMainNode(reading, node);
  settleHost(reading.main);
  const { context, main, listeners } = reading;
  const mainHost = finishHost(main, {
    id: mainId(main, context),
    main,
    mainHost: undefined,
    listeners,
    context,
  });
  const virtualHosts = reading.hosts.map(({ draft, id }) =>
    finishHost(draft, { id, main, mainHost, listeners, context }),
  );
  const site = assembleSite(reading, mainHost, virtualHosts);
  if (site.python.restrictEmbedded) context.diagnostics.push(...embeddedRefused(tree));
  context.diagnostics.push(...misplaced.map(({ finding }) => finding));
  context.diagnostics.push(...wordDiagnostics(tree), ...accessDiagnostics(site));
  return { site, diagnostics: context.diagnostics };
}

/** Requests for which no daemon process is named are refused: that is Apache's answer, and the sidecar's. */
function embeddedRefused(tree: readonly DirectiveNode[]): readonly Diagnostic[] {
  const node = tree.findLast(({ key }) => key === 'wsgirestrictembedded');
  if (node === undefined) return [];
  const message = 'Requests whose process group is %{GLOBAL} get 500, as under Apache';
  const advice = 'Name a WSGIDaemonProcess for every mount by WSGIProcessGroup';
  return [{ ...diagnose(node, 'info', 'embedded-restricted', message), advice }];
}

function startReading(
  tree: readonly DirectiveNode[],
  misplaced: readonly Misplaced[],
  options: SiteOptions,
): Reading {
  const position = tree[0]?.position ?? { file: '', line: 1 };
  const context = {
    options,
    diagnostics: [],
    misplaced: new Set(misplaced.map(({ node }) => node)),
    mounts: [],
    mountIds: new Set<string>(),
    memo: createSiteMemo(),
  };
  return {
    context,
    server: emptyServer(options.modules),
    main: {
      ...emptyHost({ position, isMain: true, addresses: [], port: 0 }),
      serverName: findServerName(tree),
    },
    hosts: [],
    hostIds: new Set(),
    listeners: [],
    processGroups: new Map(),
    imports: [],
    methods: registeredMethods(tree, options.modules),
  };
}

function mainId(main: HostDraft, context: BuildContext): string {
  return `${main.serverName ?? context.options.hostName}:main`;
}

function readMainNode(reading: Reading, node: DirectiveNode): void {
  const { context, main } = reading;
  if (node.kind === 'section' && node.key === 'virtualhost') {
    readVirtualHost(reading, node);
    return;
  }
  if (node.kind === 'directive' && readServerDirective(reading.server, node)) return;
  const hostName = main.serverName ?? context.options.hostName;
  const place = {
    build: context,
    hostId: mainId(main, context),
    hostName,
    path: undefined,
    section: undefined,
  };
  if (!readShared(reading, node, undefined)) readHostNode(main, node, place);
}

/** Directives that fill tables of the whole server wherever they stand. */
function readShared(reading: Reading, node: DirectiveNode, hostId: string | undefined): boolean {
  if (node.kind !== 'directive') return false;
  const { context } = reading;
  if (node.key === 'wsgidaemonprocess') {
    const group = parseProcessGroup(node, hostId, context);
    if (group !== undefined && reading.processGroups.has(group.name)) {
      const message = `The process group "${group.name}" is defined twice`;
      context.diagnostics.push(diagnose(node, 'error', 'process-group-twice', message));
    } else if (group !== undefined) reading.processGroups.set(group.name, group);
    return true;
  }
  if (node.key === 'wsgiimportscript') {
    const script = parseImportScript(node, context);
    if (script !== undefined) reading.imports.push(script);
    return true;
  }
  if (node.key !== 'listen') return false;
  const listener = parseListener(node);
  if (listener !== undefined) reading.listeners.push(listener);
  return true;
}

function readVirtualHost(reading: Reading, section: Section): void {
  const { context, main } = reading;
  const addresses = parseAddresses(section, main.port, context);
  const firstPort = addresses[0]?.port ?? 0;
  const port = firstPort === 0 ? main.port : firstPort;
  const draft = emptyHost({ position: section.position, isMain: false, addresses, port });
  const hostName = findServerName(section.children) ?? main.serverName ?? context.options.hostName;
  const id = uniqueId(reading.hostIds, `${hostName}:${firstPort === 0 ? '*' : firstPort}`);
  const place: PlaceContext = { build: context, hostId: id, hostName, path: undefined, section: undefined };
  for (const node of section.children) {
    if (!readShared(reading, node, id)) readHostNode(draft, node, place);
  }
  settleHost(draft);
  reading.hosts.push({ draft, id });
}

function uniqueId(taken: Set<string>, wanted: string): string {
  let id = wanted;
  for (let n = 2; taken.has(id); n += 1) id = `${wanted}#${n}`;
  taken.add(id);
  return id;
}

function assembleSite(reading: Reading, main: VirtualHost, virtualHosts: readonly VirtualHost[]): Site {
  const { context, server } = reading;
  return {
    options: context.options,
    listeners: reading.listeners,
    main,
    virtualHosts,
    addresses: buildAddressIndex(virtualHosts),
    mounts: context.mounts,
    processGroups: reading.processGroups,
    imports: reading.imports,
    python: server.python,
    processes: server.processes,
    requestLimits: server.requestLimits,
    methods: reading.methods,
    diagnostics: context.diagnostics,
    memo: context.memo,
  };
}
