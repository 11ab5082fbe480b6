/**
 * A tree of Apache's directives into `sites` of a settings file that means the same, for people to read and keep: each part with the
 * place that it comes from, and at the end what could not be carried over.
 */
import { Document, isCollection, type Node, YAMLMap } from 'yaml';
import { fromBytes } from '../apache/bytes.ts';
import type { DirectiveNode, Section } from '../apache/directive.ts';
import { type Consequence, consequenceOf } from './consequence.ts';
import type { Writer } from './form.ts';
import { keysOf, type Place } from './table.ts';
import { listNode, mapNode, onManyLines, onOneLine, placeOf, printable, textList } from './write.ts';
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
  const writer = createWriter(conversion.file, (node) => leftOut.push({ node, ...consequenceOf(node) }));
  const root = new YAMLMap();
  root.items.push(
    ...mapNode(settingNodes(conversion)).items,
    ...mapNode([['sites', writeSites(conversion, writer)]]).items,
  );
  const document = new Document(root, { customTags: [bytesTag], version: '1.2' });
  document.commentBefore = headOf(conversion);
  const options = { lineWidth: 0, singleQuote: true, flowCollectionPadding: false } as const;
  return { text: document.toString(options) + renderLeftOut(leftOut, conversion.file), leftOut };
}

function settingNodes({ settings }: Conversion): [string, Node][] {
  return Object.entries(settings).map(([key, value]) => [
    key,
    typeof value === 'string' ? textNode(value) : textList(value),
  ]);
}

function headOf({ file, tree }: Conversion): string {
  const lines = [
    ` What "wsgi-sidecar convert" made of ${printable(fromBytes(file))}.`,
    ' "line N" is a line of the file that the part around it names. The end of this file lists what is not carried over.',
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
  const { tree, file, serverRoot, modules, environment } = conversion;
  const hosts = tree.filter((node): node is Section => node.kind === 'section' && node.key === 'virtualhost');
  const own = tree.filter((node) => node.key !== 'virtualhost');
  const entries: [string, Node][] = [['serverRoot', textNode(serverRoot)]];
  if (modules.size > 0) entries.push(['modules', onOneLine(textList(shortNames(modules)))]);
  if (environment.size > 0) entries.push(['apacheEnvironment', environmentMap(environment)]);
  entries.push(['mainServer', onManyLines(mapNode(writeScope(own, 'server', writer)))]);
  if (hosts.length > 0) {
    const items = hosts.map((host) => writeHost(host, { tree, writer, file }));
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

function writeHost(
  host: Section,
  {
    tree,
    writer,
    file,
  }: { readonly tree: readonly DirectiveNode[]; readonly writer: Writer; readonly file: string },
): Node {
  const inner = createWriter(host.position.file, writer.leave);
  const addresses = host.args.map((address) => withPort(address, tree, host));
  const map = onManyLines(
    mapNode([['addresses', textList(addresses)], ...writeScope(host.children, 'host', inner)]),
  );
  map.commentBefore = ` ${placeOf([host], host.position.file === file ? file : '').replace(/^line/, `${printable(fromBytes(file))}: line`)}`;
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

function createWriter(file: string, leave: Writer['leave']): Writer {
  return {
    file,
    inSection: false,
    leave,
    writeScope: (section) =>
      writeScope(section.children, 'scope', { ...createWriter(file, leave), inSection: true }),
  };
}

/** The names of a server stand first, the rest in the order in which Apache's text has it. */
const FIRST = ['serverName', 'serverAliases'];

function writeScope(nodes: readonly DirectiveNode[], place: Place, writer: Writer): [string, Node][] {
  const { forms, byDirective } = keysOf[place];
  const families = new Map<string, DirectiveNode[]>(FIRST.map((key) => [key, []]));
  for (const node of nodes) {
    const key = byDirective.get(node.kind === 'section' ? `<${node.key}` : node.key);
    if (key === undefined) writer.leave(node);
    else if (families.has(key)) families.get(key)?.push(node);
    else families.set(key, [node]);
  }
  const entries: [string, Node][] = [];
  const raw: DirectiveNode[] = [];
  for (const [key, family] of families) {
    if (family.length === 0) continue;
    const node = forms.get(key)?.write(family, writer);
    if (node === undefined) raw.push(...family);
    else if (!isCollection(node) || node.items.length > 0 || node.flow === true) entries.push([key, node]);
  }
  const lines = raw.length === 0 ? undefined : forms.get('directives')?.write(raw, writer);
  return lines === undefined ? entries : [...entries, ['directives', lines]];
}

/** The comment at the end: what is left out by consequence, losses first. */
function renderLeftOut(leftOut: readonly LeftOut[], file: string): string {
  if (leftOut.length === 0) return '';
  const groups = new Map<string, LeftOut[]>();
  for (const item of leftOut) {
    const head = `${item.weight === 'loss' ? '!' : '-'} ${item.text}`;
    const group = groups.get(head);
    if (group === undefined) groups.set(head, [item]);
    else group.push(item);
  }
  const blocks = [...groups].sort(([a], [b]) => Number(b.startsWith('!')) - Number(a.startsWith('!')));
  const lines = blocks.flatMap(([text, items]) => [
    '',
    text,
    ...items.map(({ node }) => `    ${renderNode(node, file)}`),
  ]);
  const count = leftOut.length === 1 ? 'One directive is' : `${leftOut.length} directives are`;
  const head = `${count} not carried over. "!" asks for a decision, "-" is nothing that a request could tell.`;
  return `\n${[head, ...lines].map((line) => `# ${line}`.trimEnd()).join('\n')}\n`;
}

function renderNode(node: DirectiveNode, file: string): string {
  const text = node.kind === 'section' ? `<${node.name} ${node.text}>` : `${node.name} ${node.text}`;
  return printable(`${placeOf([node], file)}  ${fromBytes(text)}`.trim());
}
