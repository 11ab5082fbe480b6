/** Making YAML that people read: short lists and mappings on one line, the place in Apache's files behind them. */
import { isCollection, isMap, isScalar, type Node, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { fromBytes } from '../apache/bytes.ts';
import type { DirectiveNode, SourcePosition } from '../apache/directive.ts';
import { BYTES_TAG, textNode } from './yaml-text.ts';

/** A collection on one line is at most this long; its key and its comment come on top. */
const WIDTH = 100;

/** A mapping in the order given. */
export function mapNode(entries: Iterable<readonly [key: string, value: Node]>): YAMLMap {
  const map = new YAMLMap();
  for (const [key, value] of entries) map.items.push(new Pair(numberOrText(key), value));
  return compact(map);
}

/** A list in the order given. */
export function listNode(items: Iterable<Node>): YAMLSeq {
  const list = new YAMLSeq();
  list.items.push(...items);
  return compact(list);
}

/** A list of byte strings. */
export function textList(words: Iterable<string>): YAMLSeq {
  return listNode([...words].map(textNode));
}

/** A number where the text is the plain form of one, else text. */
export function numberOrText(bytes: string): Scalar {
  return /^(?:0|[1-9]\d{0,8})$/.test(bytes) ? new Scalar(Number(bytes)) : textNode(bytes);
}

/** A boolean. */
export function flagNode(value: boolean): Scalar {
  return new Scalar(value);
}

/** A list or mapping on one line, however long. */
export function onOneLine<T extends YAMLMap | YAMLSeq>(node: T): T {
  node.flow = true;
  return node;
}

/** A list or mapping with an item a line. */
export function onManyLines<T extends YAMLMap | YAMLSeq>(node: T): T {
  node.flow = false;
  return node;
}

function compact<T extends YAMLMap | YAMLSeq>(node: T): T {
  node.flow = node.items.length === 0 || lengthOf(node) <= WIDTH;
  return node;
}

function lengthOf(node: unknown): number {
  if (isScalar(node)) {
    if (node.comment !== undefined && node.comment !== null) return Number.POSITIVE_INFINITY;
    return String(node.value).length + (node.tag === BYTES_TAG ? 20 : 2);
  }
  if (!isCollection(node)) return 4;
  if (node.comment !== undefined && node.comment !== null) return Number.POSITIVE_INFINITY;
  if (node.flow === false) return Number.POSITIVE_INFINITY;
  const lengths = isMap(node)
    ? node.items.map(({ key, value }) => lengthOf(key) + lengthOf(value))
    : node.items.map((item) => lengthOf(item));
  return lengths.reduce((sum, length) => sum + length + 2, 2);
}

/** The node with a comment behind it; that of a mapping of many lines stands behind its first line. */
export function commented<T extends Node>(node: T, comment: string): T {
  const first = isMap(node) && node.flow !== true ? node.items[0]?.value : undefined;
  if (isScalar(first)) first.comment = ` ${comment}`;
  else node.comment = ` ${comment}`;
  return node;
}

/** What people have in mind who read a comment: the file that the part around it names. */
export type Reading = {
  readonly file: string;
  /** Files below it are named from there. */
  readonly folder: string;
};

/** Where nodes stand: `line 12`, or with the name of another file. */
export function placeOf(nodes: readonly DirectiveNode[], reading: Reading): string {
  const places = new Set(nodes.map(({ position, uses }) => renderPlace(position, uses, reading)));
  const shown = [...places]
    .slice(0, 3)
    .join(', ')
    .replace(/line \d+(?:, line \d+)+$/, (lines) => `lines ${lines.replaceAll('line ', '')}`);
  return places.size > 3 ? `${shown}, …` : shown;
}

function renderPlace(
  position: SourcePosition,
  uses: readonly SourcePosition[] | undefined,
  reading: Reading,
): string {
  const own = renderPosition(position, reading);
  if (uses === undefined) return own;
  return `${own} used at ${uses.map((use) => renderPosition(use, reading)).join(', ')}`;
}

function renderPosition({ file, line }: SourcePosition, reading: Reading): string {
  return file === reading.file ? `line ${line}` : `${fileName(file, reading)}:${line}`;
}

function fileName(file: string, { folder }: Reading): string {
  const isBelow = folder !== '/' && file.startsWith(`${folder}/`);
  return printable(fromBytes(isBelow ? file.slice(folder.length + 1) : file));
}

/** A text without the characters that would end a comment. */
export function printable(text: string): string {
  return text.replace(/[^ -~\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]/gu, '\u{fffd}');
}
