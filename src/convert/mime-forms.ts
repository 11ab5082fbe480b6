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
import { commented, listNode, mapNode, onManyLines, placeOf, textList } from './write.ts';
import { textNode } from './yaml-text.ts';

/** `AddX VALUE EXTENSION…` and `RemoveX EXTENSION…`: extensions by value, or steps where their order counts. */
export function extensions(name: string): Form {
  const [add, remove] = [`Add${name}`, `Remove${name}`];
  return {
    takes: [lowerAscii(add), lowerAscii(remove)],
    write: (nodes, { file }) => {
      if (nodes.some(({ key, args }) => args.length < (key === lowerAscii(add) ? 2 : 1))) return undefined;
      const values = new Set(nodes.map(({ args }) => args[0] ?? ''));
      const isPlain = values.size === nodes.length && nodes.every(({ key }) => key === lowerAscii(add));
      if (isPlain) return onManyLines(mapNode(nodes.map((node) => extensionPair(node, file))));
      return onManyLines(
        listNode(nodes.map((node) => commented(extensionStep(node, add), placeOf([node], file)))),
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

function extensionPair(node: DirectiveNode, file: string): [string, Node] {
  const [value = '', ...list] = node.args;
  return [value, commented(textList(list), placeOf([node], file))];
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
  write: (nodes, { file }) => {
    if (nodes.some(({ args }) => args.length !== 2 || !/^[1-5]\d\d$/.test(args[0] ?? ''))) return undefined;
    const targets = nodes.map((node): [string, Node] => [
      node.args[0] ?? '',
      commented(textNode(node.args[1] ?? ''), placeOf([node], file)),
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
