/** Forms of mod_alias's directives. */
import type { Node } from 'yaml';
import type { DirectiveNode } from '../apache/directive.ts';
import { lowerAscii } from '../apache/lexer.ts';
import type { Form, Writer } from './form.ts';
import { directive } from './node.ts';
import { missing, positionOf, readFields, readFlag, readList, readTexts, refuse, textField } from './read.ts';
import {
  commented,
  flagNode,
  listNode,
  mapNode,
  numberOrText,
  onManyLines,
  placeOf,
  type Reading,
  textList,
} from './write.ts';
import { textNode } from './yaml-text.ts';

/** `Alias`, `ScriptAlias` and their `Match` forms; in a section without path. */
export const aliases: Form = {
  takes: ['alias', 'aliasmatch', 'scriptalias', 'scriptaliasmatch'],
  write: (nodes, { reading, inSection }) => {
    const items = nodes.map(({ key, args }) => {
      const isPattern = key.endsWith('match');
      if (args.length !== (inSection ? 1 : 2) || (inSection && isPattern)) return undefined;
      const [target = '', path] = [...args].reverse();
      const entries: [string, Node][] =
        path === undefined ? [] : [[isPattern ? 'pattern' : 'path', textNode(path)]];
      entries.push(['target', textNode(target)]);
      if (key.startsWith('script')) entries.push(['cgi', flagNode(true)]);
      return mapNode(entries);
    });
    return itemList(items, nodes, reading);
  },
  read: (value, reader) =>
    readList(reader, value).flatMap((item) => {
      const known = reader.inSection ? ['target', 'cgi'] : ['path', 'pattern', 'target', 'cgi'];
      const fields = readFields(reader, item, known);
      const [path, pattern] = [textField(reader, fields, 'path'), textField(reader, fields, 'pattern')];
      if (!fields.has('target')) return missing(reader, item, 'target') ?? [];
      if (!reader.inSection && !fields.has('path') && !fields.has('pattern'))
        return missing(reader, item, 'path') ?? [];
      const target = textField(reader, fields, 'target');
      const cgi = fields.get('cgi');
      const name = cgi !== undefined && readFlag(reader, cgi) === true ? 'ScriptAlias' : 'Alias';
      const isPattern = fields.has('pattern');
      const args = [isPattern ? pattern : path, target].filter((arg) => arg !== undefined);
      return [directive(isPattern ? `${name}Match` : name, args, positionOf(reader, item))];
    }),
};

const statusWords: Readonly<Record<string, string>> = {
  permanent: '301',
  temp: '302',
  seeother: '303',
  gone: '410',
};

/** `Redirect` and its kin; in a section `to` alone, with a status or not. */
export const redirects: Form = {
  takes: ['redirect', 'redirectmatch', 'redirecttemp', 'redirectpermanent'],
  write: (nodes, writer) =>
    itemList(
      nodes.map((node) => redirectItem(node, writer)),
      nodes,
      writer.reading,
    ),
  read: (value, reader) =>
    readList(reader, value).flatMap((item) => {
      const fields = readFields(reader, item, ['path', 'pattern', 'to', 'status']);
      const [path, pattern, to, status] = ['path', 'pattern', 'to', 'status'].map((key) =>
        textField(reader, fields, key),
      );
      if (status !== undefined && !/^\d{3}$/.test(status))
        return refuse(reader, fields.get('status') ?? item, 'a status, such as 301') ?? [];
      if (!reader.inSection && !fields.has('path') && !fields.has('pattern'))
        return missing(reader, item, 'path') ?? [];
      const name = fields.has('pattern') ? 'RedirectMatch' : 'Redirect';
      const args = [status, pattern ?? path, to].filter((arg) => arg !== undefined);
      return [directive(name, args, positionOf(reader, item))];
    }),
};

function redirectItem({ key, args }: DirectiveNode, { inSection }: Writer): Node | undefined {
  const [first = ''] = args;
  const given = statusWords[lowerAscii(first)] ?? (/^\d{3}$/.test(first) ? first : undefined);
  const implied = key === 'redirectpermanent' ? '301' : undefined;
  const rest = given === undefined ? args : args.slice(1);
  if ((given !== undefined && key !== 'redirect' && key !== 'redirectmatch') || /^\d/.test(rest[0] ?? ''))
    return undefined;
  const status = given ?? implied;
  const isRedirect = status === undefined || status.startsWith('3');
  const isAlone = inSection && (rest.length === 0 || (rest.length === 1 && isRedirect));
  const isPattern = key === 'redirectmatch';
  if (rest.length > 2 || (rest.length === 0 && !isAlone) || (isAlone && isPattern)) return undefined;
  const [path, to] = isAlone ? [undefined, rest[0]] : rest;
  const entries: [string, Node][] = [];
  if (path !== undefined) entries.push([isPattern ? 'pattern' : 'path', textNode(path)]);
  if (to !== undefined) entries.push(['to', textNode(to)]);
  if (status !== undefined) entries.push(['status', numberOrText(status)]);
  return mapNode(entries);
}

/** `ProxyPass` and `ProxyPassMatch`: what Apache forwards, and with `to: '!'` what it does not; in a section without path. */
export const proxyPasses: Form = {
  takes: ['proxypass', 'proxypassmatch'],
  write: (nodes, { reading, inSection }) => {
    const items = nodes.map(({ key, args }) => {
      const [path, to, ...options] = inSection ? ['', ...args] : args;
      if (to === undefined) return undefined;
      const entries: [string, Node][] = [['to', textNode(to)]];
      if (inSection && key === 'proxypassmatch') return undefined;
      if (!inSection) entries.unshift([key === 'proxypassmatch' ? 'pattern' : 'path', textNode(path ?? '')]);
      if (options.length > 0) entries.push(['options', textList(options)]);
      return mapNode(entries);
    });
    return itemList(items, nodes, reading);
  },
  read: (value, reader) =>
    readList(reader, value).flatMap((item) => {
      const fields = readFields(reader, item, [
        ...(reader.inSection ? [] : ['path', 'pattern']),
        'to',
        'options',
      ]);
      const where = fields.has('pattern') ? 'pattern' : 'path';
      const wanted = reader.inSection ? ['to'] : [where, 'to'];
      const absent = wanted.find((key) => !fields.has(key));
      if (absent !== undefined) return missing(reader, item, absent) ?? [];
      const texts = wanted.map((key) => textField(reader, fields, key) ?? '');
      const options = fields.get('options');
      const words = [...texts, ...(options === undefined ? [] : readTexts(reader, options))];
      return [
        directive(where === 'pattern' ? 'ProxyPassMatch' : 'ProxyPass', words, positionOf(reader, item)),
      ];
    }),
};

function itemList(
  items: readonly (Node | undefined)[],
  nodes: readonly DirectiveNode[],
  reading: Reading,
): Node | undefined {
  const known = items.filter((item) => item !== undefined);
  if (known.length !== items.length) return undefined;
  return onManyLines(
    listNode(known.map((item, index) => commented(item, placeOf(nodes.slice(index, index + 1), reading)))),
  );
}
