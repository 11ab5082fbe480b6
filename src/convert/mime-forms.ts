/** Forms of the directives that give meaning to file extensions and statuses. */
import type { Node } from 'yaml';
import { isSeq } from 'yaml';
import type { DirectiveNode } from '../apache/directive.ts';
import { lowerAscii } from '../apache/lexer.ts';
import type { Form } from './form.ts';
import { directive } from './node.ts';
import {
  positionOf,
  type Reader,
  readEntries,
  readFields,
  readList,
  readText,
  readTexts,
  refuse,
  type Value,
} from './read.ts';
import { commented, listNode, mapNode, onManyLines, placeOf, type Reading, textList } from './write.ts';
import { textNode } from './yaml-text.ts';

/**
 * `AddX VALUE EXTENSION…` and `RemoveX EXTENSION…`: extensions by value, or steps where their order counts. `isJoined` where
 * several directives of one value are the same as one.
 */
export function extensions(name: string, isJoined = false): Form {
  const [add, remove] = [`Add${name}`, `Remove${name}`];
  return {
    takes: [lowerAscii(add), lowerAscii(remove)],
    write: (nodes, { reading }) => {
      if (nodes.some(({ key, args }) => args.length < (key === lowerAscii(add) ? 2 : 1))) return undefined;
      const byValue = new Map<string, DirectiveNode[]>();
      for (const node of nodes)
        byValue.set(node.args[0] ?? '', [...(byValue.get(node.args[0] ?? '') ?? []), node]);
      const isPlain = nodes.every(({ key }) => key === lowerAscii(add));
      if (isPlain && (isJoined || byValue.size === nodes.length))
        return onManyLines(mapNode([...byValue].map(([word, same]) => extensionPair(word, same, reading))));
      return onManyLines(
        listNode(nodes.map((node) => commented(extensionStep(node, add), placeOf([node], reading)))),
      );
    },
    read: (value, reader) =>
      isSeq(value.node)
        ? readList(reader, value).flatMap((step) => readStep(reader, step, add, remove))
        : [...readEntries(reader, value)].map(([word, list]) =>
            directive(add, [word, ...readTexts(reader, list)], positionOf(reader, list)),
          ),
  };
}

function extensionPair(word: string, nodes: readonly DirectiveNode[], reading: Reading): [string, Node] {
  const list = nodes.flatMap(({ args }) => args.slice(1));
  return [word, commented(textList(list), placeOf(nodes, reading))];
}

function extensionStep({ key, args }: DirectiveNode, add: string): Node {
  if (key !== lowerAscii(add)) return mapNode([['remove', textList(args)]]);
  const [value = '', ...list] = args;
  return mapNode([
    ['add', textNode(value)],
    ['extensions', textList(list)],
  ]);
}

function readStep(reader: Reader, step: Value, add: string, remove: string): DirectiveNode[] {
  const fields = readFields(reader, step, ['add', 'extensions', 'remove']);
  const position = positionOf(reader, step);
  const [added, list, removed] = ['add', 'extensions', 'remove'].map((key) => fields.get(key));
  if (removed !== undefined) return [directive(remove, readTexts(reader, removed), position)];
  if (added === undefined || list === undefined)
    return refuse(reader, step, '{add: VALUE, extensions: [.EXT]} or {remove: [.EXT]}') ?? [];
  const word = readText(reader, added);
  return word === undefined ? [] : [directive(add, [word, ...readTexts(reader, list)], position)];
}

/** `ErrorDocument STATUS TARGET` by status; the last counts. */
export const errorDocuments: Form = {
  takes: ['errordocument'],
  write: (nodes, { reading }) => {
    if (nodes.some(({ args }) => args.length !== 2 || !/^[1-5]\d\d$/.test(args[0] ?? ''))) return undefined;
    const targets = nodes.map((node): [string, Node] => [
      node.args[0] ?? '',
      commented(textNode(node.args[1] ?? ''), placeOf([node], reading)),
    ]);
    return onManyLines(mapNode(new Map(targets)));
  },
  read: (value, reader) =>
    [...readEntries(reader, value)].flatMap(([status, item]) => {
      const target = readText(reader, item);
      if (!/^[1-5]\d\d$/.test(status)) return refuse(reader, item, 'a status as key, such as 404') ?? [];
      return target === undefined
        ? []
        : [directive('ErrorDocument', [status, target], positionOf(reader, item))];
    }),
};
