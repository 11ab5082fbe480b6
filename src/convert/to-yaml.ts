/**
 * A tree of Apache's directives into `sites` of a settings file that means the same, for people to read and keep: each part with the
 * place that it comes from, and at the end what could not be carried over.
 */
import { Document, isCollection, type Node, YAMLMap } from 'yaml';
import { fromBytes } from '../apache/bytes.ts';
import type { DirectiveNode, Section } from '../apache/directive.ts';
import { type Consequence, consequenceOf } from './consequence.ts';
import type { Writer } from './form.ts';
import { offerTrustedProxies } from './front-offer.ts';
import { keysOf, type Place } from './table.ts';
import {
  listNode,
  mapNode,
  onManyLines,
  onOneLine,
  placeOf,
  printable,
  type Reading,
  textList,
} from './write.ts';
import { bytesTag, textNode } from './yaml-text.ts';

/** What is converted. Strings are byte strings. */
export type Conversion = {
  readonly file: string;
  readonly tree: readonly DirectiveNode[];
  readonly serverRoot: string;
  /** Symbols; empty where the text loads none. */
  readonly modules: ReadonlySet<string>;
  /** What Debian's `envvars` changes in the environment; undefined is taken away. */
  readonly environment: ReadonlyMap<string, string | undefined>;
  /** Settings that stand before `sites`. */
  readonly settings: Readonly<Record<string, string | readonly string[]>>;
};

/** A directive that is not in the result. */
export type LeftOut = { readonly node: DirectiveNode } & Consequence;

/** The text of a settings file, and what is not in it. */
export function toYaml(conversion: Conversion): {
  readonly text: string;
  readonly leftOut: readonly LeftOut[];
} {
  const leftOut: LeftOut[] = [];
  const reading = { file: conversion.file, folder: conversion.serverRoot };
  const writer = createWriter(reading, (node) => leftOut.push({ node, ...consequenceOf(node) }));
  const root = new YAMLMap();
  root.items.push(
    ...mapNode(settingNodes(conversion)).items,
    ...mapNode([['sites', writeSites(conversion, writer)]]).items,
  );
  const document = new Document(root, { customTags: [bytesTag], version: '1.2' });
  document.commentBefore = headOf(conversion);
  const options = { lineWidth: 0, singleQuote: true, flowCollectionPadding: false } as const;
  return { text: document.toString(options) + renderLeftOut(leftOut, reading), leftOut };
}

function settingNodes({ settings }: Conversion): [string, Node][] {
  return Object.entries(settings).map(([key, value]) => [
    key,
    typeof value === 'string' ? textNode(value) : textList(value),
  ]);
}

function headOf({ file, tree, serverRoot }: Conversion): string {
  const lines = [
    ` What "wsgi-sidecar convert" made of ${printable(fromBytes(file))}.`,
    ' Comments tell where each part stood: "line N" of the file that the part around it names, other files',
    ` below ${printable(fromBytes(serverRoot))} or by their whole names. The end of this file lists what is not carried over.`,
  ];
  const needsTls = tree.some((node) => node.key === 'listen' && /(?:^|:)443$|https$/i.test(node.text));
  if (needsTls) {
    lines.push(
      ' The sidecar does not end TLS. Let a front do that, and say here where it finds each listener, for example:',
      " listen: [{bind: '127.0.0.1:8080', as: '*:80'}, {bind: '127.0.0.1:8443', as: '*:443', tls: true}]",
    );
  }
  return lines.join('\n');
}

function writeSites(conversion: Conversion, writer: Writer): Node {
  const { tree, serverRoot, modules, environment } = conversion;
  const hosts = tree.filter((node): node is Section => node.kind === 'section' && node.key === 'virtualhost');
  const own = tree.filter((node) => node.key !== 'virtualhost');
  const entries: [string, Node][] = [['serverRoot', textNode(serverRoot)]];
  if (modules.size > 0) entries.push(['modules', onOneLine(textList(shortNames(modules)))]);
  if (environment.size > 0) entries.push(['apacheEnvironment', environmentMap(environment)]);
  const main = writeScope(own, 'server', writer);
  if (main.length > 0) entries.push(['mainServer', onManyLines(mapNode(main))]);
  if (hosts.length > 0) {
    const items = hosts.map((host) => writeHost(host, tree, writer));
    entries.push(['virtualHosts', onManyLines(listNode(items))]);
  }
  return onManyLines(mapNode(entries));
}

/** `dir_module` → `dir`. */
function shortNames(modules: ReadonlySet<string>): string[] {
  return [...modules]
    .filter((symbol) => symbol.endsWith('_module'))
    .map((symbol) => symbol.slice(0, -'_module'.length));
}

function environmentMap(environment: Conversion['environment']): Node {
  const document = new Document();
  return mapNode(
    [...environment].map(([name, value]) => [
      name,
      value === undefined ? document.createNode(null) : textNode(value),
    ]),
  );
}

function writeHost(host: Section, tree: readonly DirectiveNode[], writer: Writer): Node {
  const { folder } = writer.reading;
  const inner = createWriter({ file: host.position.file, folder }, writer.leave);
  const addresses = host.args.map((address) => withPort(address, tree, host));
  const map = onManyLines(
    mapNode([['addresses', textList(addresses)], ...writeScope(host.children, 'host', inner)]),
  );
  map.commentBefore = ` ${placeOf([host], { file: '', folder })}`;
  return map;
}

/**
 * An address without a port has the port that the main ServerName had said when Apache came to the virtual host
 * (httpd `get_addresses()`); it is written out where a later ServerName says another one.
 */
function withPort(address: string, tree: readonly DirectiveNode[], host: Section): string {
  if (!/^(?:[^:*]+|\[[^\]]*\])$/.test(address)) return address;
  const names = tree.filter(({ key }) => key === 'servername');
  const before = names.filter((node) => tree.indexOf(node) < tree.indexOf(host));
  const [then, finally_] = [portOf(before), portOf(names)];
  return then === finally_ ? address : `${address}:${then ?? '*'}`;
}

function portOf(names: readonly DirectiveNode[]): string | undefined {
  return /:(\d+)$/.exec(names.at(-1)?.args[0] ?? '')?.[1];
}

function createWriter(reading: Reading, leave: Writer['leave']): Writer {
  const inside: Writer = {
    reading,
    inSection: true,
    leave,
    writeScope: (section) => writeScope(section.children, 'scope', inside),
  };
  return { ...inside, inSection: false };
}

/** What people look for first; then everything in the order in which Apache's text has it; then long tables. */
const FIRST =
  'listen user group maxRequestWorkers threadsPerChild serverName serverAliases serverAdmin documentRoot tls processGroups imports processGroup applicationGroup mounts'.split(
    ' ',
  );
const LAST = ['setEnvIf', 'types', 'encodings', 'languages', 'charsets'];

function writeScope(nodes: readonly DirectiveNode[], place: Place, writer: Writer): [string, Node][] {
  const { forms } = keysOf[place];
  const entries: [string, Node][] = [];
  const raw: DirectiveNode[] = [];
  for (const [key, family] of familiesOf(nodes, place, writer)) {
    const node = forms.get(key)?.write(family, writer);
    if (node === undefined) raw.push(...family);
    else if (!isCollection(node) || node.items.length > 0 || node.flow === true) entries.push([key, node]);
  }
  const lines = raw.length === 0 ? undefined : forms.get('directives')?.write(raw, writer);
  return lines === undefined ? entries : [...entries, ['directives', lines]];
}

/** The directives of each key, the keys in the order in which they are shown. */
function familiesOf(
  nodes: readonly DirectiveNode[],
  place: Place,
  writer: Writer,
): readonly (readonly [string, readonly DirectiveNode[]])[] {
  const { byDirective } = keysOf[place];
  const families = new Map<string, DirectiveNode[]>(FIRST.map((key) => [key, []]));
  for (const node of nodes) {
    const key = byDirective.get(node.kind === 'section' ? `<${node.key}` : node.key);
    if (key === undefined) writer.leave(node);
    else if (families.has(key)) families.get(key)?.push(node);
    else families.set(key, [node]);
  }
  return [...families]
    .filter(([, family]) => family.length > 0)
    .sort(([a], [b]) => LAST.indexOf(a) - LAST.indexOf(b));
}

/** The comment at the end: what is left out by consequence, losses first. */
function renderLeftOut(leftOut: readonly LeftOut[], reading: Reading): string {
  if (leftOut.length === 0) return '';
  const blocks = [...groupBy(leftOut, ({ weight, text }) => `${weight === 'loss' ? '!' : '-'} ${text}`)];
  const lines = blocks
    .sort(([a], [b]) => Number(b.startsWith('!')) - Number(a.startsWith('!')))
    .flatMap(([head, items]) => ['', head, ...renderItems(items, reading), ...renderOffer(items)]);
  const count = leftOut.length === 1 ? 'One directive is' : `${leftOut.length} directives are`;
  const head = `${count} not carried over. "!" asks for a decision, "-" is nothing that a request could tell.`;
  return `\n${[head, ...lines].map((line) => `# ${line}`.trimEnd()).join('\n')}\n`;
}

/** A line each for losses; of the others those of one name and file in one line. */
function renderItems(items: readonly LeftOut[], reading: Reading): string[] {
  const groups = groupBy(items, ({ node, weight }) =>
    weight === 'loss' ? node : `${node.position.file} ${node.key}`,
  );
  return [...groups.values()].map((group) => {
    const nodes = group.map(({ node }) => node);
    const [node] = nodes;
    if (node === undefined) return '';
    if (nodes.length === 1) return `    ${placeOf(nodes, reading)}  ${renderNode(node)}`;
    const numbers = nodes.map(({ position }) => position.line).join(', ');
    const place = placeOf([node], reading)
      .replace(/\d+$/, '')
      .replace(/^line /, 'lines ');
    return `    ${place}${numbers}  ${printable(fromBytes(node.name))}`;
  });
}

/** A line to take over. */
function renderOffer(items: readonly LeftOut[]): string[] {
  const line = offerTrustedProxies(items.map(({ node }) => node));
  return line === undefined
    ? []
    : ['  Where these are fronts that set X-Forwarded-For, write at the beginning:', `  ${line}`];
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

function renderNode(node: DirectiveNode): string {
  const text = node.kind === 'section' ? `<${node.name} ${node.text}>` : `${node.name} ${node.text}`;
  return printable(fromBytes(text).trim());
}
