/** `Include` and `IncludeOptional`: from a name to the files, in Apache's order (httpd server/util.c, `ap_dir_fnmatch`). */
import type { FileReader } from './file-reader.ts';
import { isPattern, patternTest } from './fnmatch.ts';

/** Folders within folders, at most; Apache's `AP_MAX_FNMATCH_DIR_DEPTH`. */
const maxFolderDepth = 128;

/** The files that an Include names, up to the first problem, where Apache stops. */
export type IncludeResolution = { readonly files: readonly string[]; readonly problem?: string };

type Search = {
  readonly reader: FileReader;
  readonly isOptional: boolean;
  readonly files: string[];
};

/** The files of an absolute path that may have patterns in its components, and folders, which mean all in them. */
export function resolveInclude(reader: FileReader, path: string, isOptional: boolean): IncludeResolution {
  const search: Search = { reader, isOptional, files: [] };
  const problem = isPattern(path)
    ? matchComponents(search, '/', path.replace(/^\/+/, ''))
    : addPath(search, path, 0);
  return problem === undefined ? { files: search.files } : { files: search.files, problem };
}

/** Apache's `ap_make_full_path`. */
function join(folder: string, name: string): string {
  return folder.endsWith('/') ? folder + name : `${folder}/${name}`;
}

/** Adds a file, or everything in a folder and its folders, sorted by byte. Returns what went wrong. */
function addPath(search: Search, path: string, depth: number): string | undefined {
  const kind = search.reader.kind(path);
  if (kind !== 'directory') {
    if (kind !== undefined || !search.isOptional) search.files.push(path);
    return undefined;
  }
  if (depth >= maxFolderDepth) {
    return `Directory "${path}" exceeds the maximum include directory nesting level of ${maxFolderDepth}`;
  }
  const listing = search.reader.list(path);
  if (!('entries' in listing)) return `Could not open directory ${path}: ${listing.reason}`;
  for (const name of listing.entries.map((entry) => entry.name).sort(byBytes)) {
    const problem = addPath(search, join(path, name), depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Walks the components below a folder; a pattern in the middle matches real folders only, not links to folders. */
function matchComponents(search: Search, folder: string, rest: string): string | undefined {
  const slash = rest.indexOf('/');
  const component = slash < 0 ? rest : rest.slice(0, slash);
  const below = slash < 0 ? undefined : rest.slice(slash + 1);
  if (!isPattern(component)) return descend(search, join(folder, component), below);
  const listing = search.reader.list(folder);
  if (!('entries' in listing)) {
    if (listing.missing && search.isOptional) return undefined;
    return `Could not open directory ${folder}: ${listing.reason}`;
  }
  const matches = patternTest(component);
  const names = listing.entries
    .filter((entry) => matches(entry.name) && (below === undefined || entry.isFolder))
    .map((entry) => entry.name)
    .sort(byBytes);
  if (names.length === 0 && !search.isOptional) {
    return `No matches for the wildcard "${component}" in "${folder}", failing`;
  }
  for (const name of names) {
    const problem = descend(search, join(folder, name), below);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function descend(search: Search, path: string, below: string | undefined): string | undefined {
  return below === undefined ? addPath(search, path, 0) : matchComponents(search, path, below);
}

function byBytes(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** A path made absolute below a folder, without `.`, `..` and repeated slashes (`apr_filepath_merge`); links are not looked at. */
export function absolutePath(root: string, path: string): string {
  const whole = path.startsWith('/') ? path : join(root, path);
  let merged = '/';
  for (const [, segment = '', slash = ''] of whole.matchAll(/([^/]+)(\/?)/g)) {
    if (segment === '.') continue;
    if (segment === '..') merged = merged.replace(/[^/]*\/?$/, '');
    else merged += segment + slash;
    if (merged === '') merged = '/';
  }
  return merged;
}
