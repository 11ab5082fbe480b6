/** The script files behind a mount: folders are listed, `$1` in a target stands for any name. Files only through the reader. */
import type { FileReader } from '../apache/file-reader.ts';
import { canonicalFilename } from '../routing/path.ts';
import type { ScriptAlias } from '../site/alias.ts';

/** How deep folders are searched, how many of them, and how many scripts one mount is searched for. */
const MAX_DEPTH = 4;
const MAX_FOLDERS = 300;
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

/** Scripts of a folder and the folders in it; by the look of their names unless `isScript` says otherwise. */
export function listScripts(
  folder: string,
  reader: FileReader,
  isScript: (name: string) => boolean = (name) => SCRIPT_NAME.test(name),
): readonly string[] {
  const found: string[] = [];
  const waiting = [{ path: folder, depth: 1 }];
  for (let looked = 0; looked < MAX_FOLDERS && found.length < MAX_SCRIPTS; looked += 1) {
    const next = waiting.shift();
    if (next === undefined) break;
    const listed = reader.list(next.path);
    if (!('entries' in listed)) continue;
    for (const { name, isFolder } of listed.entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = `${next.path}/${name}`;
      if (!isFolder && isScript(name)) found.push(path);
      if (isFolder && next.depth < MAX_DEPTH && !name.startsWith('.')) {
        waiting.push({ path, depth: next.depth + 1 });
      }
    }
  }
  return found;
}

function namesFor(folder: string, segment: string, reader: FileReader): readonly string[] {
  if (!/\$\d/.test(segment)) return [`${folder}/${segment}`];
  const listed = reader.list(folder === '' ? '/' : folder);
  if (!('entries' in listed)) return [];
  const parts = segment.split(/\$\d/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const pattern = new RegExp(`^${parts.join('.+')}$`, 's');
  return listed.entries.filter(({ name }) => pattern.test(name)).map(({ name }) => `${folder}/${name}`);
}
