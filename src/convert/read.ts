/** Taking values out of YAML: what is not as wanted becomes a problem with its place, and reading goes on. */
import { type Document, isAlias, isMap, isScalar, isSeq, type Node } from 'yaml';
import { fromBytes, toBytes } from '../apache/bytes.ts';
import type { DirectiveNode, SourcePosition } from '../apache/directive.ts';
import { nearest } from '../nearest.ts';
import { bytesOf } from './yaml-text.ts';

/** A part of a settings file; lines and columns count from 1. */
export type SitesSource = {
  readonly file: string;
  readonly document: Document;
  /** The value of `sites`. */
  readonly node: unknown;
  readonly placeAt: (offset: number) => { readonly line: number; readonly column: number };
};

/** Something that is not as wanted, in the words of the settings' other problems. */
export type SitesProblem = {
  readonly place: { readonly line: number; readonly column: number };
  readonly message: string;
};

/** A value and where it stands: `path` for people, `at` for its line. */
export type Value = {
  readonly node: unknown;
  readonly path: string;
  readonly at: number;
};

/** The state of one reading. */
export type Reader = {
  readonly source: SitesSource;
  readonly problems: SitesProblem[];
  /** Whether the value at hand is inside a section. */
  readonly inSection: boolean;
  /** The nodes of the keys that may stand in sections. */
  readonly readScope: (fields: Fields) => DirectiveNode[];
};

/** The values of a mapping by key, each with the place of its key. */
export type Fields = ReadonlyMap<string, Value>;

/** Says what was wanted instead of a value. */
export function refuse(reader: Reader, value: Value, wanted: string): undefined {
  const shown = JSON.stringify(plain(value.node));
  const is =
    shown === undefined ? 'is missing' : `is ${shown.length > 60 ? `${shown.slice(0, 60)}…` : shown}`;
  complain(reader, value, `Setting "${value.path}" ${is}: wanted ${wanted}`);
  return undefined;
}

function complain(reader: Reader, value: Value, message: string): void {
  reader.problems.push({ place: reader.source.placeAt(value.at), message });
}

function plain(node: unknown): unknown {
  if (isScalar(node)) return node.value;
  return isMap(node) ? {} : isSeq(node) ? [] : undefined;
}

/** The line of a value. */
export function positionOf(reader: Reader, value: Value): SourcePosition {
  return { file: toBytes(reader.source.file), line: reader.source.placeAt(value.at).line };
}

/** A text, number or truth value as the byte string that stands there; one line. */
export function readText(reader: Reader, value: Value): string | undefined {
  const bytes = isScalar(value.node) ? bytesOf(value.node) : undefined;
  if (bytes === undefined || /[\n\0]/.test(bytes)) return refuse(reader, value, 'a text of one line');
  return bytes;
}

/** true or false. */
export function readFlag(reader: Reader, value: Value): boolean | undefined {
  const found = isScalar(value.node) ? value.node.value : undefined;
  return typeof found === 'boolean' ? found : refuse(reader, value, 'true or false');
}

/** Whether `null` or nothing stands there. */
export function isNull(value: Value): boolean {
  return value.node === null || (isScalar(value.node) && value.node.value === null);
}

/** The items of a list; a lone value counts as a list of one. */
export function readList(reader: Reader, value: Value): readonly Value[] {
  if (isSeq(value.node)) {
    return value.node.items.map((item, index) =>
      valueAt(reader, item, { path: `${value.path}.${index}`, at: value.at }),
    );
  }
  if (!isNull(value)) return [value];
  refuse(reader, value, 'a list');
  return [];
}

/** The texts of a list. */
export function readTexts(reader: Reader, value: Value): string[] {
  return readList(reader, value)
    .map((item) => readText(reader, item))
    .filter((text) => text !== undefined);
}

/** The values of a mapping whose keys are free; the place of each is its key's. */
export function readEntries(reader: Reader, value: Value): Fields {
  if (!isMap(value.node)) {
    refuse(reader, value, '"key: value" lines');
    return new Map();
  }
  const fields = new Map<string, Value>();
  for (const { key, value: node } of value.node.items) {
    const name = isScalar(key) ? bytesOf(key) : undefined;
    const at = startOf(key) ?? value.at;
    const path = `${value.path}.${fromBytes(name ?? '')}`;
    const inner = valueAt(reader, node, { path, at });
    if (name === undefined) refuse(reader, inner, 'a key that is a text');
    else fields.set(name, { ...inner, at });
  }
  return fields;
}

/** The values of a mapping whose keys are these. */
export function readFields(reader: Reader, value: Value, known: readonly string[]): Fields {
  return new Map(
    [...readEntries(reader, value)].filter(([key, field]) => isKnown(reader, field, key, known)),
  );
}

/** Says so where a key is not known. */
export function isKnown(reader: Reader, value: Value, key: string, known: readonly string[]): boolean {
  if (known.includes(key)) return true;
  const guess = nearest(fromBytes(key), known);
  const list =
    known.length > 15 ? 'see "sites" in MANUAL.md for the keys' : `known here: ${known.join(', ')}`;
  const help = guess === undefined ? list : `did you mean "${guess}"?`;
  complain(reader, value, `Unknown setting "${value.path}": ${help}`);
  return false;
}

function valueAt(reader: Reader, node: unknown, otherwise: Omit<Value, 'node'>): Value {
  const resolved = isAlias(node) ? node.resolve(reader.source.document) : node;
  return { node: resolved, path: otherwise.path, at: startOf(node) ?? otherwise.at };
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}

/** The text of a field, if it is there. */
export function textField(reader: Reader, fields: Fields, key: string): string | undefined {
  const value = fields.get(key);
  return value === undefined ? undefined : readText(reader, value);
}

/** Says that a mapping lacks a key. */
export function missing(reader: Reader, value: Value, key: string): undefined {
  complain(reader, value, `Setting "${value.path}.${key}" is missing`);
  return undefined;
}
