/** Paths around the mounts and sections of a virtual host: at, below, beside, in other case, in other encoding. */
import type { VirtualHost } from '../site/model.ts';
import { matchPattern } from '../site/regex.ts';

/** Names of the entries of a folder; empty for what is no folder. */
export type ListFolder = (path: string) => readonly string[];

/** Entries of a folder that are tried, at most. */
const maxEntries = 8;

/** The paths to ask of a virtual host, the mounts first. */
export function pathsOfHost(host: VirtualHost, list: ListFolder): readonly string[] {
  const mounts = host.scriptAliases.entries.flatMap(({ match, target }) => {
    if (match.kind === 'path') return match.path === '/' ? ['/'] : mountPaths(match.path, target, list);
    return match.kind === 'pattern'
      ? samplesOf(match.pattern.source).filter((path) => matchPattern(match.pattern, path))
      : [];
  });
  const sections = host.locations.sections.flatMap(({ match }) =>
    match.kind === 'path' ? [match.path] : [],
  );
  const paths = [...new Set([...mounts, ...sections.map((path) => path.replace(/(.)\/$/, '$1'))])];
  const files = list(host.documentRoot)
    .slice(0, maxEntries)
    .map((name) => `/${name}`);
  const asked = [...paths.flatMap(around), ...files.map(encodePath), '/', '/none/of/them'];
  return [...new Set(asked)].filter((path) => path.startsWith('/'));
}

/** A mount that leads to a folder is asked for what is in it. */
function mountPaths(mount: string, target: string, list: ListFolder): readonly string[] {
  const entries = list(target.replace(/(.)\/$/, '$1')).slice(0, maxEntries);
  const base = mount.replace(/\/$/, '');
  return [base, ...entries.map((entry) => `${base}/${entry}`)];
}

/** A path and those near it, as a request line has them. */
function around(path: string): readonly string[] {
  if (path === '/' || path === '') return ['/', '/deeper/path'];
  const plain = encodePath(path);
  return [
    plain,
    `${plain}/`,
    `${plain}/deeper/path`,
    `${plain}//double`,
    `${plain}x`,
    encodePath(path.toUpperCase()),
    encodePath(path.toLowerCase()),
    `/up/..${plain}/dots`,
    plain.includes('%') ? plain : plain.replace(/[A-Za-z](?=[^A-Za-z]*$)/, hex),
  ];
}

/** Bytes that a path in a request line cannot hold become `%XX`. */
function encodePath(path: string): string {
  return path.replace(/[^!-~]|[?#%]/g, hex);
}

function hex(character: string): string {
  return `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/** Some texts that a simple pattern could match; the caller tries them. */
function samplesOf(source: string): readonly string[] {
  const plain = source.replace(/^\^|\$$/g, '');
  const sample = (repeat: string): string =>
    plain
      .replace(/\(\?:|\(\?i\)/g, '(')
      .replace(/\[\^[^\]]*\]|\\[wS]|(?<!\\)\./g, 'x')
      .replace(/\[([^\]\\])[^\]]*\]/g, '$1')
      .replace(/\\d/g, '1')
      .replace(/\(([^()|]*)\|[^()]*\)/g, '($1)')
      .replace(/\(([^()]*)\)([*?])/g, repeat === '' ? '' : '$1')
      .replace(/[()]/g, '')
      .replace(/(.)[*?](?!\w*\})/g, repeat === '' ? '' : '$1')
      .replace(/[+]|\{\d+(?:,\d*)?\}/g, '')
      .replace(/\\(.)/g, '$1');
  return [...new Set([sample('once'), sample(''), `${sample('once')}/deeper`])];
}
