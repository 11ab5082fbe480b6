/** Forms of mod_wsgi's directives that have options: script aliases, process groups, imports, handler scripts. */
import type { Node, Scalar } from 'yaml';
import type { DirectiveNode } from '../apache/directive.ts';
import { lowerAscii } from '../apache/lexer.ts';
import type { Form } from './form.ts';
import { camelCase, kebabCase, type Options, optionsDirective, splitOptions } from './node.ts';
import {
  type Fields,
  missing,
  positionOf,
  type Reader,
  readEntries,
  readFields,
  readFlag,
  readList,
  readText,
  readTexts,
  textField,
  type Value,
} from './read.ts';
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

const GROUPS = ['process-group', 'application-group'];
const MOUNT_OPTIONS = ['application-group', 'process-group', 'callable-object', 'pass-authorization'];
const HANDLER_OPTIONS = [...GROUPS, 'pass-authorization'];

/** The options of `WSGIDaemonProcess` of mod_wsgi 4.9 to 6. */
const PROCESS_OPTIONS =
  `user group processes threads umask lang locale home chroot python-home python-path python-eggs stack-size
maximum-requests startup-timeout shutdown-timeout deadlock-timeout inactivity-timeout request-timeout graceful-timeout
eviction-timeout restart-interval connect-timeout socket-timeout queue-timeout listen-backlog socket-user display-name
send-buffer-size receive-buffer-size header-buffer-size response-buffer-size response-socket-timeout response-flush-delay interrupt-timeout memory-limit
virtual-memory-limit cpu-time-limit cpu-priority supplementary-groups script-user script-group server-metrics
newrelic-config-file newrelic-environment slow-requests switch-interval per-interpreter-gil free-threading telemetry-service
interpreter-options`.split(/\s+/);

/** `WSGIScriptAlias` and `WSGIScriptAliasMatch`. */
export const mounts: Form = {
  takes: ['wsgiscriptalias', 'wsgiscriptaliasmatch'],
  write: (nodes, { reading }) => {
    const items = nodes.map((node) => {
      const isPattern = node.key === 'wsgiscriptaliasmatch';
      return optionItem(node, [isPattern ? 'pattern' : 'path', 'script'], MOUNT_OPTIONS, reading);
    });
    return allOf(items);
  },
  read: (value, reader) =>
    readList(reader, value).flatMap((item) => {
      const fields = readFields(reader, item, ['path', 'pattern', 'script', ...MOUNT_OPTIONS.map(camelCase)]);
      const isPattern = !fields.has('path');
      const name = isPattern ? 'WSGIScriptAliasMatch' : 'WSGIScriptAlias';
      const location = requiredText(
        reader,
        item,
        fields,
        isPattern && fields.has('pattern') ? 'pattern' : 'path',
      );
      const script = requiredText(reader, item, fields, 'script');
      if (location === undefined || script === undefined) return [];
      const options = readOptions(reader, fields, MOUNT_OPTIONS);
      return [optionsDirective(name, [location, script], options, positionOf(reader, item))];
    }),
};

/** `WSGIImportScript`. */
export const imports: Form = {
  takes: ['wsgiimportscript'],
  write: (nodes, { reading }) => allOf(nodes.map((node) => optionItem(node, ['script'], GROUPS, reading))),
  read: (value, reader) =>
    readList(reader, value).flatMap((item) => {
      const fields = readFields(reader, item, ['script', ...GROUPS.map(camelCase)]);
      const script = requiredText(reader, item, fields, 'script');
      if (script === undefined) return [];
      const options = readOptions(reader, fields, GROUPS);
      return [optionsDirective('WSGIImportScript', [script], options, positionOf(reader, item))];
    }),
};

/** `WSGIDaemonProcess NAME …`: a mapping by name. */
export const processGroups: Form = {
  takes: ['wsgidaemonprocess'],
  write: (nodes, { reading }) => {
    const groups = new Map<string, Node>();
    for (const node of nodes) {
      const parts = splitOptions(node.text, 1);
      const name = parts?.words[0];
      if (parts === undefined || name === undefined || groups.has(name)) return undefined;
      const options = writeOptions(parts.options, PROCESS_OPTIONS);
      if (options === undefined) return undefined;
      groups.set(name, commented(mapNode(options), placeOf([node], reading)));
    }
    return onManyLines(mapNode(groups));
  },
  read: (value, reader) =>
    [...readEntries(reader, value)].map(([name, item]) => {
      const fields = readFields(reader, item, PROCESS_OPTIONS.map(camelCase));
      const options = readOptions(reader, fields, PROCESS_OPTIONS);
      return optionsDirective('WSGIDaemonProcess', [name], options, positionOf(reader, item));
    }),
};

/** `WSGIHandlerScript NAME SCRIPT …`: a mapping by name; a script alone is a text. */
export const handlerScripts: Form = {
  takes: ['wsgihandlerscript'],
  write: (nodes, { reading }) => {
    const scripts = new Map<string, Node>();
    for (const node of nodes) {
      const parts = splitOptions(node.text, 2);
      const [name = '', script = ''] = parts?.words ?? [];
      if (parts === undefined || scripts.has(name)) return undefined;
      const options = writeOptions(parts.options, HANDLER_OPTIONS);
      if (options === undefined) return undefined;
      scripts.set(name, commented(scriptNode(script, options), placeOf([node], reading)));
    }
    return onManyLines(mapNode(scripts));
  },
  read: (value, reader) =>
    [...readEntries(reader, value)].flatMap(([name, item]) =>
      readScript(reader, item, HANDLER_OPTIONS, (script, options) =>
        optionsDirective('WSGIHandlerScript', [name, script], options, positionOf(reader, item)),
      ),
    ),
};

/** A directive with a script and perhaps an application group, as `WSGIDispatchScript`; the last counts. */
export function script(name: string): Form {
  const known = ['application-group'];
  return {
    takes: [lowerAscii(name)],
    write: (nodes, { reading }) => {
      const last = nodes.at(-1);
      const parts = splitOptions(last?.text ?? '', 1);
      const options = writeOptions(parts?.options ?? new Map(), known);
      if (last === undefined || parts === undefined || options === undefined) return undefined;
      return commented(scriptNode(parts.words[0] ?? '', options), placeOf([last], reading));
    },
    read: (value, reader) =>
      readScript(reader, value, known, (path, options) =>
        optionsDirective(name, [path], options, positionOf(reader, value)),
      ),
  };
}

function scriptNode(path: string, options: [string, Node][]): Node {
  return options.length === 0 ? textNode(path) : mapNode([['script', textNode(path)], ...options]);
}

function readScript(
  reader: Reader,
  value: Value,
  known: readonly string[],
  make: (script: string, options: Options) => DirectiveNode,
): DirectiveNode[] {
  if (isMapping(value)) {
    const fields = readFields(reader, value, ['script', ...known.map(camelCase)]);
    const path = requiredText(reader, value, fields, 'script');
    return path === undefined ? [] : [make(path, readOptions(reader, fields, known))];
  }
  const path = readText(reader, value);
  return path === undefined ? [] : [make(path, [])];
}

function isMapping({ node }: Value): boolean {
  return typeof node === 'object' && node !== null && 'items' in node;
}

/** An item of a list: its words by name, and its options. */
function optionItem(
  node: DirectiveNode,
  names: readonly string[],
  known: readonly string[],
  reading: Reading,
): Node | undefined {
  const parts = splitOptions(node.text, names.length);
  const options = writeOptions(parts?.options ?? new Map(), known);
  if (parts === undefined || options === undefined) return undefined;
  const words = names.map((name, index): [string, Node] => [name, textNode(parts.words[index] ?? '')]);
  return commented(mapNode([...words, ...options]), placeOf([node], reading));
}

function allOf(items: readonly (Node | undefined)[]): Node | undefined {
  const known = items.filter((item) => item !== undefined);
  return known.length === items.length ? onManyLines(listNode(known)) : undefined;
}

function writeOptions(
  options: ReadonlyMap<string, string>,
  known: readonly string[],
): [string, Node][] | undefined {
  const written = [...options].map(([name, value]): [string, Node | undefined] => [
    camelCase(name),
    known.includes(name) && value !== '' ? optionValue(name, value) : undefined,
  ]);
  return written.every((pair): pair is [string, Scalar] => pair[1] !== undefined) ? written : undefined;
}

function optionValue(name: string, value: string): Node {
  const folders = value.split(':');
  if (name === 'python-path' && !folders.includes('')) return textList(folders);
  if (name === 'pass-authorization' && /^(?:on|off)$/i.test(value))
    return flagNode(lowerAscii(value) === 'on');
  return numberOrText(value);
}

function readOptions(reader: Reader, fields: Fields, known: readonly string[]): Options {
  return [...fields].flatMap(([key, value]): Options => {
    const name = kebabCase(key);
    if (!known.includes(name)) return [];
    const text = readOption(reader, name, value);
    return text === undefined ? [] : [[name, text]];
  });
}

function readOption(reader: Reader, name: string, value: Value): string | undefined {
  if (name === 'python-path') return readTexts(reader, value).join(':');
  if (name !== 'pass-authorization') return readText(reader, value);
  const isOn = readFlag(reader, value);
  return isOn === undefined ? undefined : isOn ? 'On' : 'Off';
}

function requiredText(reader: Reader, value: Value, fields: Fields, key: string): string | undefined {
  return fields.has(key) ? textField(reader, fields, key) : missing(reader, value, key);
}
