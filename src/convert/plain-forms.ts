/** Forms of directives with plain words: switches, single words, lists of words, lines as they are. */
import type { Node } from 'yaml';
import type { DirectiveNode } from '../apache/directive.ts';
import { lowerAscii } from '../apache/lexer.ts';
import type { Form } from './form.ts';
import { directive, rawDirective } from './node.ts';
import {
  positionOf,
  type Reader,
  readFlag,
  readList,
  readText,
  readTexts,
  refuse,
  type Value,
} from './read.ts';
import { commented, flagNode, listNode, numberOrText, placeOf, type Reading, textList } from './write.ts';
import { textNode } from './yaml-text.ts';

/** `NAME On|Off`, the last counts; `words` are further values. */
export function flag(name: string, words: readonly string[] = []): Form {
  const wanted = ['true', 'false', ...words.map((word) => `"${word}"`)].join(' or ');
  return {
    takes: [lowerAscii(name)],
    write: (nodes, { reading }) => {
      const values = nodes.map(({ args }) => flagValue(args, words));
      const last = values.at(-1);
      if (last === undefined || values.includes(undefined)) return undefined;
      return commented(last, placeOf(nodes.slice(-1), reading));
    },
    read: (value, reader) => {
      const word = readFlagWord(value, reader, words, wanted);
      return word === undefined ? [] : [directive(name, [word], positionOf(reader, value))];
    },
  };
}

function flagValue(args: readonly string[], words: readonly string[]): Node | undefined {
  const word = lowerAscii(args[0] ?? '');
  if (args.length !== 1) return undefined;
  if (word === 'on' || word === 'off') return flagNode(word === 'on');
  return words.includes(word) ? textNode(word) : undefined;
}

function readFlagWord(
  value: Value,
  reader: Reader,
  words: readonly string[],
  wanted: string,
): string | undefined {
  const node = value.node as { value?: unknown } | null;
  if (typeof node?.value === 'boolean') return node.value ? 'On' : 'Off';
  if (typeof node?.value === 'string' && words.includes(node.value)) return node.value;
  return refuse(reader, value, wanted);
}

/** A directive without words: `true` where it stands. */
export function presence(name: string): Form {
  return {
    takes: [lowerAscii(name)],
    write: (nodes, { reading }) =>
      nodes.every(({ args }) => args.length === 0)
        ? commented(flagNode(true), placeOf(nodes.slice(-1), reading))
        : undefined,
    read: (value, reader) =>
      readFlag(reader, value) === true ? [directive(name, [], positionOf(reader, value))] : [],
  };
}

/** `NAME WORD`; the last counts, unless only `one` can be said. `others` are names that mean the same. */
export function word(
  name: string,
  { one = false, others = [] }: { readonly one?: boolean; readonly others?: readonly string[] } = {},
): Form {
  return {
    takes: [name, ...others].map(lowerAscii),
    write: (nodes, { reading }) => {
      const text = nodes.at(-1)?.args[0];
      if (text === undefined || nodes.some(({ args }) => args.length !== 1)) return undefined;
      if (one && nodes.length > 1) return undefined;
      return commented(numberOrText(text), placeOf(nodes.slice(-1), reading));
    },
    read: (value, reader) => {
      const text = readText(reader, value);
      return text === undefined ? [] : [directive(name, [text], positionOf(reader, value))];
    },
  };
}

/** `NAME FOLDER:FOLDER`, the last counts. */
export function searchPath(name: string): Form {
  return {
    takes: [lowerAscii(name)],
    write: (nodes, { reading }) => {
      const folders = nodes.at(-1)?.args[0]?.split(':');
      if (folders === undefined || folders.includes('') || nodes.some(({ args }) => args.length !== 1))
        return undefined;
      return commented(textList(folders), placeOf(nodes.slice(-1), reading));
    },
    read: (value, reader) => [
      directive(name, [readTexts(reader, value).join(':')], positionOf(reader, value)),
    ],
  };
}

/** `NAME WORD WORD…`; `fold` makes the words of several directives those of one, by default the last one's. */
export function words(
  name: string,
  fold: (lists: readonly (readonly string[])[]) => readonly string[] | undefined = (lists) => lists.at(-1),
): Form {
  return {
    takes: [lowerAscii(name)],
    write: (nodes, { reading }) => {
      const list = nodes.some(({ args }) => args.length === 0)
        ? undefined
        : fold(nodes.map(({ args }) => args));
      return list === undefined ? undefined : commented(textList(list), placeOf(nodes, reading));
    },
    read: (value, reader) => {
      const list = readTexts(reader, value);
      return list.length === 0 ? [] : [directive(name, list, positionOf(reader, value))];
    },
  };
}

/** `Options`: a line that begins with a word without a sign makes those before it void (httpd `set_options()`). */
export function foldOptions(lists: readonly (readonly string[])[]): readonly string[] {
  const start = lists.findLastIndex(([first = '']) => !/^[+-]/.test(first));
  return lists.slice(Math.max(start, 0)).flat();
}

/** The words of a directive that stands there once. */
export function single(lists: readonly (readonly string[])[]): readonly string[] | undefined {
  return lists.length === 1 ? lists[0] : undefined;
}

/** All words in order. */
export function concatenate(lists: readonly (readonly string[])[]): readonly string[] {
  return lists.flat();
}

/** `DirectoryIndex`: lines add up, and a lone `disabled` is the empty list (mod_dir `add_index()`). */
export const directoryIndex: Form = {
  takes: ['directoryindex'],
  write: (nodes, { reading }) => {
    if (nodes.some(({ args }) => args.length === 0)) return undefined;
    // What stands before a lone "disabled" is void.
    const start = nodes.findLastIndex(({ args }) => isDisabled(args)) + 1;
    const names = nodes.slice(start).flatMap(({ args }) => args);
    return isDisabled(names) ? undefined : commented(textList(names), placeOf(nodes, reading));
  },
  read: (value, reader) => {
    const names = readTexts(reader, value);
    return [
      directive('DirectoryIndex', names.length === 0 ? ['disabled'] : names, positionOf(reader, value)),
    ];
  },
};

function isDisabled(names: readonly string[]): boolean {
  return names.length === 1 && names[0]?.toLowerCase() === 'disabled';
}

/** A list with one directive an item, its argument text as it stands; `prefix` is a word that is left out. */
export function lines(name: string, prefix?: string): Form {
  const leading = new RegExp(`^${prefix ?? ''}[\\t-\\r ]+`, 'i');
  return {
    takes: [lowerAscii(name)],
    write: (nodes, { reading }) => {
      if (nodes.some(({ text }) => text === '' || (prefix !== undefined && !leading.test(text))))
        return undefined;
      return lineList(nodes, reading, (text) => (prefix === undefined ? text : text.replace(leading, '')));
    },
    read: (value, reader) =>
      readList(reader, value).flatMap((item) => {
        const text = readText(reader, item);
        if (text === undefined) return [];
        const whole = prefix === undefined ? text : `${prefix} ${text}`;
        return [rawDirective(name, whole, positionOf(reader, item))];
      }),
  };
}

function lineList(nodes: readonly DirectiveNode[], reading: Reading, show: (text: string) => string): Node {
  const [first] = nodes;
  if (nodes.length === 1 && first !== undefined)
    return commented(listNode([numberOrText(show(first.text))]), placeOf(nodes, reading));
  return listNode(nodes.map((node) => commented(numberOrText(show(node.text)), placeOf([node], reading))));
}

/** One directive, its argument text as it stands; the last counts. */
export function line(name: string): Form {
  return {
    takes: [lowerAscii(name)],
    write: (nodes, { reading }) => {
      const last = nodes.at(-1);
      return last === undefined || last.text === ''
        ? undefined
        : commented(textNode(last.text), placeOf([last], reading));
    },
    read: (value, reader) => {
      const text = readText(reader, value);
      return text === undefined ? [] : [rawDirective(name, text, positionOf(reader, value))];
    },
  };
}
