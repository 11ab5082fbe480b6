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
  for (const [key, value] of entries) map.items.push(new Pair(textNode(key), value));
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

/** The node with a comment behind it. */
export function commented<T extends Node>(node: T, comment: string): T {
  node.comment = ` ${comment}`;
  return node;
}

/** Where nodes stand, for people who have `file` in mind: `line 12`, or with the other file's name. */
export function placeOf(nodes: readonly DirectiveNode[], file: string): string {
  const places = new Set(nodes.map(({ position, uses }) => renderPlace(position, uses, file)));
  const shown = [...places].slice(0, 3).join(', ').replaceAll(', line ', ', ');
  return places.size > 3 ? `${shown}, …` : shown;
}

function renderPlace(
  position: SourcePosition,
  uses: readonly SourcePosition[] | undefined,
  file: string,
): string {
  const own = renderPosition(position, file);
  return uses === undefined
    ? own
    : `${own} used at ${uses.map((use) => renderPosition(use, file)).join(', ')}`;
}

function renderPosition({ file, line }: SourcePosition, known: string): string {
  return file === known ? `line ${line}` : `${printable(fromBytes(file))}:${line}`;
}

/** A text without the characters that would end a comment. */
export function printable(text: string): string {
  return text.replace(/[^ -~\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]/gu, '\u{fffd}');
}
