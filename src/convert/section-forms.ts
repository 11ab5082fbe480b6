/** Forms of sections: those that match places, conditions, methods, and the groups of `Require`. */
import { isMap, type Node } from 'yaml';
import type { DirectiveNode, Section } from '../apache/directive.ts';
import { lowerAscii } from '../apache/lexer.ts';
import type { Form, Writer } from './form.ts';
import { rawDirective, section } from './node.ts';
import {
  type Fields,
  isKnown,
  missing,
  positionOf,
  type Reader,
  readEntries,
  readFields,
  readFlag,
  readList,
  readText,
  readTexts,
  refuse,
  type Value,
} from './read.ts';
import { commented, flagNode, listNode, mapNode, onManyLines, placeOf, textList } from './write.ts';
import { textNode } from './yaml-text.ts';

/** `<NAME path>` and `<NAMEMatch pattern>` in order, each with what it sets. */
export function places(name: string): Form {
  const key = lowerAscii(name);
  return {
    takes: [`<${key}`, `<${key}match`],
    write: (nodes, writer) =>
      sectionList(nodes, writer, (node) => {
        const isMarked = node.args[0] === '~';
        const text = node.args[isMarked ? 1 : 0] ?? '';
        return [isMarked || node.key.endsWith('match') ? 'pattern' : 'path', textNode(text)];
      }),
    read: (value, reader) =>
      readList(reader, value).flatMap((item) => {
        const { own, rest } = split(reader, item, ['path', 'pattern']);
        const isPattern = own.has('pattern');
        const where = own.get('path') ?? own.get('pattern');
        if (where === undefined) return missing(reader, item, 'path') ?? [];
        const text = readText(reader, where);
        if (text === undefined) return [];
        const children = inside(reader).readScope(rest);
        return [section(isPattern ? `${name}Match` : name, [text], children, positionOf(reader, item))];
      }),
  };
}

const CONDITIONS: readonly (readonly [key: string, name: string])[] = [
  ['if', 'If'],
  ['elseIf', 'ElseIf'],
  ['else', 'Else'],
];

/** `<If>`, `<ElseIf>`, `<Else>` in order. */
export const conditions: Form = {
  takes: ['<if', '<elseif', '<else'],
  write: (nodes, writer) =>
    sectionList(nodes, writer, (node) => {
      const [key = ''] = CONDITIONS.find(([, name]) => lowerAscii(name) === node.key) ?? [];
      return [key, key === 'else' ? flagNode(true) : textNode(node.args[0] ?? '')];
    }),
  read: (value, reader) =>
    readList(reader, value).flatMap((item) => {
      const { own, rest } = split(
        reader,
        item,
        CONDITIONS.map(([key]) => key),
      );
      const [[key, test] = []] = own;
      if (key === undefined || test === undefined) return missing(reader, item, 'if') ?? [];
      if (own.size > 1) return refuse(reader, item, 'one of "if", "elseIf" and "else"') ?? [];
      const [, name = ''] = CONDITIONS.find(([each]) => each === key) ?? [];
      const text = key === 'else' ? readFlag(reader, test) : readText(reader, test);
      const children = inside(reader).readScope(rest);
      const args = typeof text === 'string' ? [text] : [];
      return [section(name, args, children, positionOf(reader, item))];
    }),
};

/** `<Limit>` and `<LimitExcept>`. */
export const limits: Form = {
  takes: ['<limit', '<limitexcept'],
  write: (nodes, writer) =>
    sectionList(nodes, writer, (node) => [
      node.key === 'limit' ? 'methods' : 'exceptMethods',
      textList(node.args),
    ]),
  read: (value, reader) =>
    readList(reader, value).flatMap((item) => {
      const { own, rest } = split(reader, item, ['methods', 'exceptMethods']);
      const [[key, methods] = []] = own;
      if (key === undefined || methods === undefined) return missing(reader, item, 'methods') ?? [];
      const children = inside(reader).readScope(rest);
      const name = key === 'methods' ? 'Limit' : 'LimitExcept';
      return [section(name, readTexts(reader, methods), children, positionOf(reader, item))];
    }),
};

/** The items of a list of sections: a head that says what it matches, then what it sets. */
function sectionList(
  nodes: readonly DirectiveNode[],
  writer: Writer,
  headOf: (node: Section) => [string, Node],
): Node | undefined {
  const items = nodes.flatMap((node) => {
    if (node.kind !== 'section') return [];
    const [key, match] = headOf(node);
    const head: [string, Node] = [key, commented(match, placeOf([node], writer.reading))];
    return [onManyLines(mapNode([head, ...writer.writeScope(node)]))];
  });
  return onManyLines(listNode(items));
}

/** The keys of a section's head, and the others. */
function split(
  reader: Reader,
  item: Value,
  heads: readonly string[],
): { readonly own: Fields; readonly rest: Fields } {
  const fields = [...readEntries(reader, item)];
  return {
    own: new Map(fields.filter(([key]) => heads.includes(key))),
    rest: new Map(fields.filter(([key]) => !heads.includes(key))),
  };
}

function inside(reader: Reader): Reader {
  return { ...reader, inSection: true };
}

const GROUPS: readonly (readonly [key: string, name: string])[] = [
  ['all', 'RequireAll'],
  ['any', 'RequireAny'],
  ['none', 'RequireNone'],
];

/** `Require` and its groups: a text, or `{all: […]}`, `{any: […]}`, `{none: […]}`; one or a list. */
export const requirements: Form = {
  takes: ['require', '<requireall', '<requireany', '<requirenone'],
  write: (nodes, writer) => {
    const items = nodes.map((node) => requirementNode(node, writer));
    return items.length === 1 ? items[0] : onManyLines(listNode(items));
  },
  read: (value, reader) => readList(reader, value).flatMap((item) => readRequirement(reader, item)),
};

function requirementNode(node: DirectiveNode, writer: Writer): Node {
  if (node.kind === 'directive') return commented(textNode(node.text), placeOf([node], writer.reading));
  const [key = ''] = GROUPS.find(([, name]) => lowerAscii(name) === node.key) ?? [];
  const known = node.children.filter(
    (child) => child.key === 'require' || (child.kind === 'section' && child.key.startsWith('require')),
  );
  for (const child of node.children) if (!known.includes(child)) writer.leave(child);
  const children = known.map((child) => requirementNode(child, writer));
  return onManyLines(mapNode([[key, onManyLines(listNode(children))]]));
}

function readRequirement(reader: Reader, item: Value): DirectiveNode[] {
  const position = positionOf(reader, item);
  if (!isMap(item.node)) {
    const text = readText(reader, item);
    return text === undefined ? [] : [rawDirective('Require', text, position)];
  }
  const fields = readFields(
    reader,
    item,
    GROUPS.map(([key]) => key),
  );
  return [...fields].map(([key, list]) => {
    const [, name = ''] = GROUPS.find(([each]) => each === key) ?? [];
    const children = readList(reader, list).flatMap((child) => readRequirement(reader, child));
    return section(name, [], children, position);
  });
}

/** Reads the keys of a mapping by a table of forms; says so where a key is unknown. */
export function readRows(reader: Reader, fields: Fields, forms: ReadonlyMap<string, Form>): DirectiveNode[] {
  const known = [...forms.keys()];
  return [...fields].flatMap(([key, value]) =>
    isKnown(reader, value, key, known) ? (forms.get(key)?.read(value, reader) ?? []) : [],
  );
}
