/** The script files behind a mount: folders are listed, `$1` in a target stands for any name. Files only through the reader. */
import type { FileReader } from '../apache/file-reader.ts';
import { canonicalFilename } from '../routing/path.ts';
import type { ScriptAlias } from '../site/alias.ts';

/** How deep folders are searched, and how many scripts one mount is searched for. */
const MAX_DEPTH = 4;
const MAX_SCRIPTS = 500;

const SCRIPT_NAME = /\.(?:wsgi|fcgi|wsgi\.py)$|(?:^|[_.-])(?:wsgi|app|application)\.py$/;

/** The aliases of single files that an alias stands for: itself, or one for each script of its folder. */
export function expandAlias(alias: ScriptAlias, reader: FileReader): readonly ScriptAlias[] {
  const { target, match, mount } = alias;
  if (match.kind !== 'path' || reader.kind(canonicalFilename(target)) !== 'directory') return [alias];
  const scripts = listScripts(target.replace(/\/+$/, ''), reader);
  return scripts.map((script) => {
    const rest = script.slice(target.length);
    return { ...alias, target: script, mount: { ...mount, mountPoint: `${mount.mountPoint}${rest}` } };
  });
}

/** Every script that a target with `$1` can lead to. */
export function scriptsOfPattern(target: string, reader: FileReader): readonly string[] {
  if (!/\$\d/.test(target)) {
    const file = canonicalFilename(target).replace(/(.)\/$/, '$1');
    return reader.kind(file) === 'directory' ? listScripts(file, reader) : [file];
  }
  let found = [''];
  for (const segment of target.split('/').slice(1)) {
    found = found.flatMap((folder) => namesFor(folder, segment, reader)).slice(0, MAX_SCRIPTS);
  }
  return found.filter((path) => reader.kind(path) === 'file');
}

/** Scripts of a folder by the look of their names. */
export function listScripts(
  folder: string,
  reader: FileReader,
  depth: number = MAX_DEPTH,
): readonly string[] {
  const listed = reader.list(folder);
  if (!('entries' in listed)) return [];
  const entries = listed.entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const files = entries.filter(({ name, isFolder }) => !isFolder && SCRIPT_NAME.test(name));
  const folders = depth > 1 ? entries.filter(({ name, isFolder }) => isFolder && !name.startsWith('.')) : [];
  return [
    ...files.map(({ name }) => `${folder}/${name}`),
    ...folders.flatMap(({ name }) => listScripts(`${folder}/${name}`, reader, depth - 1)),
  ].slice(0, MAX_SCRIPTS);
}

function namesFor(folder: string, segment: string, reader: FileReader): readonly string[] {
  if (!/\$\d/.test(segment)) return [`${folder}/${segment}`];
  const listed = reader.list(folder === '' ? '/' : folder);
  if (!('entries' in listed)) return [];
  const parts = segment.split(/\$\d/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const pattern = new RegExp(`^${parts.join('.+')}$`, 's');
  return listed.entries.filter(({ name }) => pattern.test(name)).map(({ name }) => `${folder}/${name}`);
}
