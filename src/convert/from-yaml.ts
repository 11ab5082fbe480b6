/**
 * `sites` of a settings file into the tree that Apache's own text would have made: the same directives, whose positions are
 * lines of the settings file. `site/` gives both the same meaning.
 */
import type { DirectiveNode } from '../apache/directive.ts';
import { section } from './node.ts';
import {
  type Fields,
  isNull,
  missing,
  positionOf,
  type Reader,
  readEntries,
  readFields,
  readList,
  readText,
  readTexts,
  type SitesProblem,
  type SitesSource,
  textField,
  type Value,
} from './read.ts';
import { readRows } from './section-forms.ts';
import { keysOf } from './table.ts';

/** What stands in `sites`. Strings are byte strings. */
export type ReadSites = {
  readonly tree: readonly DirectiveNode[];
  /** Undefined where it is not said. */
  readonly serverRoot: string | undefined;
  /** Symbols; empty where nothing is said of modules. */
  readonly modules: ReadonlySet<string>;
  /** What Apache's environment had over that of the sidecar; undefined is taken away. */
  readonly environment: ReadonlyMap<string, string | undefined>;
  readonly problems: readonly SitesProblem[];
};

/** Reads `sites`; what is not as wanted is a problem, all of them at once. */
export function fromYaml(source: SitesSource): ReadSites {
  const reader: Reader = {
    source,
    problems: [],
    inSection: false,
    readScope: (fields) => readRows({ ...reader, inSection: true }, fields, keysOf.scope.forms),
  };
  const at = (source.node as { range?: [number] } | null | undefined)?.range?.[0] ?? 0;
  const known = ['serverRoot', 'modules', 'apacheEnvironment', 'mainServer', 'virtualHosts'];
  const fields = readFields(reader, { node: source.node, path: 'sites', at }, known);
  const tree = [
    ...readMain(reader, fields.get('mainServer')),
    ...readHosts(reader, fields.get('virtualHosts')),
  ];
  return {
    tree,
    serverRoot: textField(reader, fields, 'serverRoot'),
    modules: readModules(reader, fields.get('modules')),
    environment: readEnvironment(reader, fields.get('apacheEnvironment')),
    problems: reader.problems,
  };
}

function readMain(reader: Reader, main: Value | undefined): DirectiveNode[] {
  return main === undefined || isNull(main)
    ? []
    : readRows(reader, readEntries(reader, main), keysOf.server.forms);
}

function readHosts(reader: Reader, hosts: Value | undefined): DirectiveNode[] {
  if (hosts === undefined) return [];
  return readList(reader, hosts).flatMap((host) => {
    const fields = readEntries(reader, host);
    const addresses = fields.get('addresses');
    if (addresses === undefined) return missing(reader, host, 'addresses') ?? [];
    const rest: Fields = new Map([...fields].filter(([key]) => key !== 'addresses'));
    const children = readRows(reader, rest, keysOf.host.forms);
    return [section('VirtualHost', readTexts(reader, addresses), children, positionOf(reader, host))];
  });
}

function readModules(reader: Reader, modules: Value | undefined): ReadonlySet<string> {
  const names = modules === undefined ? [] : readTexts(reader, modules);
  return new Set(names.map((name) => `${name}_module`));
}

function readEnvironment(
  reader: Reader,
  environment: Value | undefined,
): ReadonlyMap<string, string | undefined> {
  if (environment === undefined) return new Map();
  const entries = [...readEntries(reader, environment)];
  return new Map(entries.map(([name, value]) => [name, isNull(value) ? undefined : readText(reader, value)]));
}
