/**
 * The sidecar's own settings: flag > environment > file > default, laid over each other raw and checked once,
 * so that all problems come at once, each naming where the value was written. Read once at start.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Document } from 'yaml';
import { problemOf, SidecarError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import { type Place, readDocument, type SettingsDocument } from './document.ts';
import { NOT_CARRIED } from './not-carried.ts';
import { type CheckedSettings, checkSettings, keysAt, type SettingsProblem } from './schema.ts';
import type { SettingEntry } from './setting-entry.ts';
import { flagName, SETTINGS_TABLE } from './table.ts';

/** `sites` as it stands in the file: its grammar is not that of settings. */
export type SitesText = {
  readonly file: string;
  readonly document: Document;
  /** The YAML of `sites`. */
  readonly node: unknown;
  readonly placeAt: (offset: number) => Place;
};

/** What is wrong with `sites`, in the words of the settings' own problems. */
export type SitesCheck = (sites: SitesText) => readonly { readonly place: Place; readonly message: string }[];

/** Handed on in parts: nobody but the composition takes it whole. */
export type Settings = Omit<CheckedSettings, 'runtimeDir' | 'apache' | 'sites'> & {
  /** Stands in the place of `apache`. */
  readonly sites?: SitesText;
  /** Absolute. */
  readonly apache?: string;
  /** The folder of the sockets; absent when the composition is to find one. */
  readonly runtimeDir?: string;
};

export type SettingsSources = {
  /** `sidecar.yaml`; absent: none. */
  readonly file?: string;
  /** What commander parsed, by the names of `flagName`. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly checkSites?: SitesCheck;
};

type Tree = { [key: string]: unknown };
type Path = readonly (string | number)[];

/** The settings in force. Throws ERR_CONFIG_UNREADABLE or ERR_SETTINGS_INVALID; the latter lists every problem. */
export function loadSettings({ file, flags, environment, checkSites }: SettingsSources): Settings {
  const document = file === undefined ? undefined : readSettingsFile(file);
  const origins = new Map<string, string>();
  const tree = copyOf(document?.value ?? {});
  if (isTree(tree)) overlay(tree, origins, flags, environment);
  const result = checkSettings(tree);
  const where = placeNamer(file, document, origins);
  const sites = sitesOf(file, document);
  const problems = [
    ...('problems' in result ? result.problems : []).map((problem) => describeProblem(problem, where)),
    ...(sites === undefined ? [] : problemsOf(sites, { tree, where, checkSites })),
  ];
  if ('settings' in result && problems.length === 0)
    return {
      ...withAbsolutePaths(result.settings, file, origins),
      ...(sites === undefined ? {} : { sites }),
    };
  throw new SidecarError('ERR_SETTINGS_INVALID', [...new Set(problems)].join('\n'));
}

function sitesOf(file: string | undefined, document: SettingsDocument | undefined): SitesText | undefined {
  if (file === undefined || document === undefined || !document.document.has('sites')) return undefined;
  const { placeAt } = document;
  return { file, document: document.document, node: document.document.get('sites', true), placeAt };
}

function problemsOf(
  sites: SitesText,
  {
    tree,
    where,
    checkSites,
  }: {
    readonly tree: unknown;
    readonly where: (path: Path) => string;
    readonly checkSites: SitesCheck | undefined;
  },
): string[] {
  const found = (checkSites?.(sites) ?? []).map(
    ({ place, message }) => `${sites.file}:${place.line}:${place.column}: ${message}`,
  );
  if (!isTree(tree) || !('apache' in tree)) return found;
  const both = `${where(['apache'])}: Setting "apache" is given, and ${where(['sites'])} has "sites": wanted one of the two`;
  return [both, ...found];
}

function readSettingsFile(file: string): SettingsDocument {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const message = `Cannot read settings file "${file}": ${problemOf(cause)}: check the path given with --config, and its permissions`;
    throw new SidecarError('ERR_CONFIG_UNREADABLE', message, { cause });
  }
  const document = readDocument(text);
  if (document.errors.length > 0) {
    const lines = document.errors.map(
      ({ place, message }) => `${file}:${place.line}:${place.column}: ${message}`,
    );
    throw new SidecarError('ERR_SETTINGS_INVALID', lines.join('\n'));
  }
  return document;
}

/** Lays environment and flags over the file's tree, and the defaults under it. */
function overlay(
  tree: Tree,
  origins: Map<string, string>,
  flags: SettingsSources['flags'],
  environment: SettingsSources['environment'],
): void {
  for (const entry of SETTINGS_TABLE) {
    const path = entry.key.split('.');
    const fromFlag = entry.flag === undefined ? undefined : flags[flagName(entry.flag)];
    const fromEnvironment = environment[entry.environment];
    if (fromFlag !== undefined) {
      put(tree, path, convert(entry, fromFlag));
      origins.set(entry.key, (entry.flag ?? '').split(' ')[0] ?? '');
    } else if (fromEnvironment !== undefined && fromEnvironment !== '') {
      put(tree, path, convert(entry, fromEnvironment));
      origins.set(entry.key, `environment variable ${entry.environment}`);
    } else if (entry.default !== undefined && !has(tree, path)) put(tree, path, copyOf(entry.default));
  }
}

/** Text becomes what the file would hold; what cannot is left for the schema to refuse. */
function convert(entry: SettingEntry, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  switch (entry.kind) {
    case 'number':
      return value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : value;
    case 'boolean':
      return (
        { true: true, on: true, yes: true, 1: true, false: false, off: false, no: false, 0: false }[
          value.toLowerCase()
        ] ?? value
      );
    case 'list':
      return value.split(/\s+/).filter((part) => part !== '');
    case 'text':
      return value;
    default:
      return entry.kind satisfies never;
  }
}

/** A place that an operator can go to: a flag, a variable, or file:line:column. */
function placeNamer(
  file: string | undefined,
  document: SettingsDocument | undefined,
  origins: ReadonlyMap<string, string>,
): (path: Path) => string {
  return (path) => {
    for (let length = path.length; length > 0; length -= 1) {
      const origin = origins.get(path.slice(0, length).join('.'));
      if (origin !== undefined) return origin;
    }
    if (document === undefined) return 'settings';
    const { line, column } = document.placeOf(path);
    return `${file}:${line}:${column}`;
  };
}

function describeProblem(problem: SettingsProblem, where: (path: Path) => string): string {
  const { path, kind, input, wanted } = problem;
  const key = path.join('.');
  if (kind === 'unknown-key') {
    const why = path[0] === 'groups' ? NOT_CARRIED[String(path.at(-1))] : undefined;
    if (why !== undefined)
      return `${where(path)}: Setting "${key}" is not carried over from mod_wsgi: ${why}`;
    const known = keysAt(path.slice(0, -1));
    const guess = nearest(String(path.at(-1)), known);
    const help = guess === undefined ? `known here: ${known.join(', ')}` : `did you mean "${guess}"?`;
    return `${where(path)}: Unknown setting "${key}": ${help}`;
  }
  if (path.length === 0) return `${where(path)}: The settings are ${JSON.stringify(input)}: ${wanted}`;
  const is = input === undefined ? 'is missing' : `is ${JSON.stringify(input)}`;
  return `${where(path)}: Setting "${key}" ${is}: ${wanted}`;
}

/** A relative file name means: beside the settings file that says so, or from the working folder for a flag. */
function withAbsolutePaths(
  checked: CheckedSettings,
  file: string | undefined,
  origins: ReadonlyMap<string, string>,
): Settings {
  const { apache, runtimeDir, sites: _, ...rest } = checked;
  const base = (key: string): string => (file === undefined || origins.has(key) ? '.' : dirname(file));
  return {
    ...rest,
    ...(apache === undefined ? {} : { apache: resolve(base('apache'), apache) }),
    ...(runtimeDir === undefined ? {} : { runtimeDir: resolve(base('runtimeDir'), runtimeDir) }),
  };
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function copyOf(value: unknown): unknown {
  return structuredClone(value);
}

function has(tree: Tree, path: readonly string[]): boolean {
  let node: unknown = tree;
  for (const step of path) {
    if (!isTree(node) || !(step in node)) return false;
    node = node[step];
  }
  return true;
}

/** A parent that is no mapping is left as it is: the schema then says so where it stands. */
function put(tree: Tree, path: readonly string[], value: unknown): void {
  let node = tree;
  for (const step of path.slice(0, -1)) {
    const next = node[step] ?? {};
    if (!isTree(next)) return;
    node[step] = next;
    node = next;
  }
  node[path.at(-1) as string] = value;
}
