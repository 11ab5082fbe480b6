/** Forms of mod_env and mod_setenvif. */
import type { Node } from 'yaml';
import { Scalar } from 'yaml';
import type { DirectiveNode } from '../apache/directive.ts';
import { lowerAscii, splitWords } from '../apache/lexer.ts';
import type { Form } from './form.ts';
import { directive, quoteWord, rawDirective } from './node.ts';
import {
  type Fields,
  isNull,
  missing,
  positionOf,
  type Reader,
  readEntries,
  readFields,
  readFlag,
  readList,
  readText,
  refuse,
  textField,
  type Value,
} from './read.ts';
import { commented, flagNode, listNode, mapNode, onManyLines, placeOf } from './write.ts';
import { textNode } from './yaml-text.ts';

/** `SetEnv` (a text), `UnsetEnv` (null) and `PassEnv` (`{pass: true}`) by name. */
export const environment: Form = {
  takes: ['setenv', 'unsetenv', 'passenv'],
  write: (nodes, { reading }) => {
    const changes = new Map<string, Change>();
    for (const change of nodes.flatMap(changesOf)) {
      const key = lowerAscii(change.name);
      const before = changes.get(key);
      if (change.kind === 'odd' || (before !== undefined && !isVoidedBy(before, change))) return undefined;
      changes.delete(key);
      changes.set(key, change);
    }
    const entries = [...changes.values()].map((change): [string, Node] => [
      change.name,
      commented(changeNode(change), placeOf([change.node], reading)),
    ]);
    return onManyLines(mapNode(entries));
  },
  read: (value, reader) =>
    [...readEntries(reader, value)].flatMap(([name, item]) => {
      const position = positionOf(reader, item);
      if (isNull(item)) return [directive('UnsetEnv', [name], position)];
      if (item.node instanceof Scalar) {
        const text = readText(reader, item);
        return text === undefined ? [] : [directive('SetEnv', [name, text], position)];
      }
      const pass = readFields(reader, item, ['pass']).get('pass');
      return pass !== undefined && readFlag(reader, pass) === true
        ? [directive('PassEnv', [name], position)]
        : [];
    }),
};

type Change = {
  readonly kind: 'set' | 'unset' | 'pass' | 'odd';
  readonly name: string;
  readonly value: string;
  readonly node: DirectiveNode;
};

function changesOf(node: DirectiveNode): Change[] {
  const { key, args } = node;
  const [first = '', value = ''] = args;
  if (key === 'setenv') {
    const isOdd = args.length === 0 || args.length > 2;
    return [{ kind: isOdd ? 'odd' : 'set', name: first, value, node }];
  }
  if (args.length === 0) return [{ kind: 'odd', name: '', value: '', node }];
  const kind = key === 'passenv' ? 'pass' : 'unset';
  return args.map((name) => ({ kind, name, value: '', node }));
}

/** Whether nothing is left of the earlier change of one variable. */
function isVoidedBy(before: Change, after: Change): boolean {
  return before.kind !== 'unset' && after.kind !== 'pass';
}

function changeNode({ kind, value }: Change): Node {
  if (kind === 'set') return textNode(value);
  return kind === 'unset' ? new Scalar(null) : mapNode([['pass', flagNode(true)]]);
}

/** `SetEnvIf` and its kin, in order: `{when, matches, set}`, or `{if, set}` for an expression. */
export const setEnvIf: Form = {
  takes: ['setenvif', 'setenvifnocase', 'setenvifexpr', 'browsermatch', 'browsermatchnocase'],
  write: (nodes, { reading }) => {
    const items = nodes.map((node) => {
      const item = ruleItem(node);
      return item === undefined ? undefined : commented(item, placeOf([node], reading));
    });
    const known = items.filter((item) => item !== undefined);
    return known.length === items.length ? onManyLines(listNode(known)) : undefined;
  },
  read: (value, reader) => readList(reader, value).flatMap((item) => readRule(reader, item)),
};

function ruleItem({ key, text }: DirectiveNode): Node | undefined {
  const words = key.startsWith('browsermatch') ? ['User-Agent', ...splitWords(text)] : splitWords(text);
  const count = key === 'setenvifexpr' ? 1 : 2;
  const set = variableMap(words.slice(count));
  if (words.length <= count || set === undefined) return undefined;
  const [subject = '', pattern = ''] = words;
  if (key === 'setenvifexpr')
    return mapNode([
      ['if', textNode(subject)],
      ['set', set],
    ]);
  const entries: [string, Node][] = [
    ['when', textNode(subject)],
    ['matches', textNode(pattern)],
  ];
  if (key.endsWith('nocase')) entries.push(['ignoreCase', flagNode(true)]);
  return mapNode([...entries, ['set', set]]);
}

/** `NAME`, `NAME=VALUE`, `!NAME`; undefined for other forms. */
function variableMap(words: readonly string[]): Node | undefined {
  const variables = new Map<string, Node>();
  const seen = new Set<string>();
  for (const word of words) {
    const [, not, name = '', value] = /^(!)?([^=!][^=]*)(?:=([^!].*))?$/s.exec(word) ?? [];
    const key = lowerAscii(name);
    if (name === '' || seen.has(key) || (not !== undefined && value !== undefined)) return undefined;
    seen.add(key);
    variables.set(name, not === undefined ? textNode(value ?? '1') : new Scalar(null));
  }
  return mapNode(variables);
}

function readRule(reader: Reader, item: Value): DirectiveNode[] {
  const fields = readFields(reader, item, ['when', 'matches', 'ignoreCase', 'if', 'set']);
  const isExpression = fields.has('if');
  const wanted = isExpression ? ['if', 'set'] : ['when', 'matches', 'set'];
  const absent = wanted.filter((key) => !fields.has(key));
  for (const key of absent) missing(reader, item, key);
  if (absent.length > 0) return [];
  const subjects = wanted.slice(0, -1).map((key) => textField(reader, fields, key) ?? '');
  const words = [...subjects, ...readVariables(reader, fields)].map(quoteWord);
  const ignoreCase = fields.get('ignoreCase');
  const noCase = ignoreCase !== undefined && readFlag(reader, ignoreCase) === true;
  const name = isExpression ? 'SetEnvIfExpr' : noCase ? 'SetEnvIfNoCase' : 'SetEnvIf';
  return [rawDirective(name, words.join(' '), positionOf(reader, item))];
}

function readVariables(reader: Reader, fields: Fields): string[] {
  const set = fields.get('set');
  if (set === undefined) return [];
  return [...readEntries(reader, set)].flatMap(([name, value]) => {
    if (/^!|=/.test(name) || name === '') return refuse(reader, value, 'a name without "=" and "!"') ?? [];
    if (isNull(value)) return [`!${name}`];
    const text = readText(reader, value);
    if (text === '' || text?.startsWith('!') === true)
      return refuse(reader, value, 'a text that is not empty and does not begin with "!"') ?? [];
    return text === undefined ? [] : [`${name}=${text}`];
  });
}
