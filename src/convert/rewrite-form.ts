/** The form of mod_rewrite's directives. Rules and conditions stay the lines that people know, and their order. */
import { isMap, type Node } from 'yaml';
import type { DirectiveNode } from '../apache/directive.ts';
import { lowerAscii } from '../apache/lexer.ts';
import type { Form } from './form.ts';
import { directive, rawDirective } from './node.ts';
import {
  type Fields,
  positionOf,
  type Reader,
  readEntries,
  readFields,
  readFlag,
  readList,
  readText,
  readTexts,
  type Value,
} from './read.ts';
import {
  commented,
  flagNode,
  listNode,
  mapNode,
  onManyLines,
  placeOf,
  type Reading,
  textList,
} from './write.ts';
import { textNode } from './yaml-text.ts';

/** `{engine, options, base, maps, rules}`; a rule is its text, or `{conditions, rule}`. */
export const rewrite: Form = {
  takes: ['rewriteengine', 'rewriteoptions', 'rewritebase', 'rewritemap', 'rewritecond', 'rewriterule'],
  write: (nodes, { reading }) => {
    const of = (name: string): readonly DirectiveNode[] => nodes.filter(({ key }) => key === name);
    const [engine, base] = [of('rewriteengine').at(-1), of('rewritebase').at(-1)];
    const maps = of('rewritemap');
    if (!nodes.every(isPlain) || new Set(maps.map(({ args }) => args[0])).size < maps.length)
      return undefined;
    const entries: [string, Node][] = [];
    if (engine !== undefined)
      entries.push([
        'engine',
        commented(flagNode(lowerAscii(engine.text) === 'on'), placeOf([engine], reading)),
      ]);
    const options = of('rewriteoptions');
    if (options.length > 0)
      entries.push([
        'options',
        commented(textList(options.flatMap(({ args }) => args)), placeOf(options, reading)),
      ]);
    if (base !== undefined)
      entries.push(['base', commented(textNode(base.args[0] ?? ''), placeOf([base], reading))]);
    if (maps.length > 0) entries.push(['maps', mapTable(maps, reading)]);
    const rules = ruleList(nodes, reading);
    if (rules !== undefined) entries.push(['rules', rules]);
    return onManyLines(mapNode(entries));
  },
  read: (value, reader) => {
    const fields = readFields(reader, value, ['engine', 'options', 'base', 'maps', 'rules']);
    return [...readSwitches(reader, fields), ...readRules(reader, fields.get('rules'))];
  },
};

function isPlain({ key, args, text }: DirectiveNode): boolean {
  if (key === 'rewriteengine') return /^(?:on|off)$/i.test(text);
  if (key === 'rewritebase') return args.length === 1;
  return key === 'rewritemap' ? args.length === 2 : text !== '';
}

function mapTable(maps: readonly DirectiveNode[], reading: Reading): Node {
  const entries = maps.map((node): [string, Node] => [
    node.args[0] ?? '',
    commented(textNode(node.args[1] ?? ''), placeOf([node], reading)),
  ]);
  return onManyLines(mapNode(entries));
}

function ruleList(nodes: readonly DirectiveNode[], reading: Reading): Node | undefined {
  const items: Node[] = [];
  let conditions: DirectiveNode[] = [];
  const conditionList = (): Node =>
    onManyLines(listNode(conditions.map((node) => commented(textNode(node.text), placeOf([node], reading)))));
  for (const node of nodes) {
    if (node.key === 'rewritecond') conditions.push(node);
    if (node.key !== 'rewriterule') continue;
    const rule = commented(textNode(node.text), placeOf([node], reading));
    items.push(
      conditions.length === 0
        ? rule
        : ruleMap([
            ['conditions', conditionList()],
            ['rule', rule],
          ]),
    );
    conditions = [];
  }
  if (conditions.length > 0) items.push(ruleMap([['conditions', conditionList()]]));
  return items.length === 0 ? undefined : onManyLines(listNode(items));
}

function ruleMap(entries: readonly (readonly [string, Node])[]): Node {
  return onManyLines(mapNode(entries));
}

function readSwitches(reader: Reader, fields: Fields): DirectiveNode[] {
  return [...fields].flatMap(([key, value]): DirectiveNode[] => {
    const position = positionOf(reader, value);
    switch (key) {
      case 'engine': {
        const isOn = readFlag(reader, value);
        return isOn === undefined ? [] : [directive('RewriteEngine', [isOn ? 'On' : 'Off'], position)];
      }
      case 'options':
        return [directive('RewriteOptions', readTexts(reader, value), position)];
      case 'base': {
        const text = readText(reader, value);
        return text === undefined ? [] : [directive('RewriteBase', [text], position)];
      }
      case 'maps':
        return [...readEntries(reader, value)].flatMap(([name, map]) => {
          const source = readText(reader, map);
          return source === undefined
            ? []
            : [directive('RewriteMap', [name, source], positionOf(reader, map))];
        });
      default:
        return [];
    }
  });
}

function readRules(reader: Reader, rules: Value | undefined): DirectiveNode[] {
  if (rules === undefined) return [];
  return readList(reader, rules).flatMap((item) => {
    if (!isMap(item.node)) return readLine(reader, item, 'RewriteRule');
    const fields = readFields(reader, item, ['conditions', 'rule']);
    const [conditions, rule] = [fields.get('conditions'), fields.get('rule')];
    return [
      ...(conditions === undefined ? [] : readList(reader, conditions)).flatMap((condition) =>
        readLine(reader, condition, 'RewriteCond'),
      ),
      ...(rule === undefined ? [] : readLine(reader, rule, 'RewriteRule')),
    ];
  });
}

function readLine(reader: Reader, value: Value, name: string): DirectiveNode[] {
  const text = readText(reader, value);
  return text === undefined ? [] : [rawDirective(name, text, positionOf(reader, value))];
}
