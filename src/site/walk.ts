/**
 * The sections in force at a place (httpd server/request.c: `ap_directory_walk()`, `ap_file_walk()`, `ap_location_walk()`).
 * Pure look-ups; the caller knows which folders exist.
 */
import type { Diagnostic } from '../apache/diagnostic.ts';
import { mergeRemembered } from './merge-cache.ts';
import type { VirtualHost } from './model.ts';
import { entriesAbove } from './path-index.ts';
import { matchPattern } from './regex.ts';
import { emptyScope, type Scope, type ScopeSection, type SectionMatch } from './scope.ts';

/** Told what a walk meets. */
export type WalkObserver = {
  /** A section matched. */
  readonly section?: ((section: ScopeSection) => void) | undefined;
  /** A named group of a pattern matched: Apache sets the variable `MATCH_NAME`. */
  readonly variable?: (name: string, value: string) => void;
  /** Whether a section matches is not known. */
  readonly unknown?: (rule: Diagnostic) => void;
};

const blind: WalkObserver = {};

/** Tests one match; patterns are tried on `patternText`. */
function sectionMatches(
  { match, scope }: ScopeSection,
  patternText: string,
  observer: WalkObserver,
): boolean {
  // Nothing is lost where the section sets nothing that counts here.
  if (match.kind === 'unknown' && Object.keys(scope).length > 0) observer.unknown?.(match.rule);
  if (match.kind !== 'pattern') return false;
  if (observer.variable === undefined || match.pattern.names.length === 1)
    return match.pattern.regexp.test(patternText);
  const found = matchPattern(match.pattern, patternText);
  if (found === undefined) return false;
  match.pattern.names.forEach((name, index) => {
    const value = found.groups[index];
    if (name !== undefined && value !== undefined) observer.variable?.(`MATCH_${name.toUpperCase()}`, value);
  });
  return true;
}

/**
 * The sections of folders for a file or folder: `folder` ends in a slash and is the deepest folder that exists,
 * `filename` is what patterns are tried on. Not merged with the defaults.
 */
export function walkDirectories(
  host: VirtualHost,
  folder: string,
  filename: string,
  observer: WalkObserver = blind,
): Scope {
  const { directories, merges } = host;
  let scope = emptyScope;
  for (const section of entriesAbove(directories.index, folder)) {
    if (!folderMatches(section.match, folder)) continue;
    observer.section?.(section);
    scope = mergeRemembered(merges, scope, section.scope);
  }
  for (const section of host.directoryPatterns) {
    if (!sectionMatches(section, filename, observer)) continue;
    observer.section?.(section);
    scope = mergeRemembered(merges, scope, section.scope);
  }
  return scope;
}

function folderMatches(match: SectionMatch, folder: string): boolean {
  if (match.kind === 'path') return folder.startsWith(match.path);
  if (match.kind !== 'wildcard') return false;
  let end = 0;
  for (let slashes = 0; slashes < match.components; slashes += 1) {
    end = folder.indexOf('/', end) + 1;
    if (end === 0) return false;
  }
  return match.pattern.regexp.test(folder.slice(0, end));
}

/** The `<Files>` sections of `scope` for a file name; not merged with `scope`. */
export function walkFiles(
  host: VirtualHost,
  scope: Scope,
  filename: string,
  observer: WalkObserver = blind,
): Scope {
  if (scope.files === undefined) return emptyScope;
  const name = filename.slice(filename.lastIndexOf('/') + 1);
  let merged = emptyScope;
  for (const section of scope.files) {
    const { match } = section;
    const isMatch =
      (match.kind === 'path' && match.path === name) ||
      (match.kind === 'wildcard' && match.pattern.regexp.test(name)) ||
      sectionMatches(section, name, observer);
    if (!isMatch) continue;
    observer.section?.(section);
    merged = mergeRemembered(host.merges, merged, section.scope);
  }
  return merged;
}

/** The `<Location>` sections for a URL path; plain ones and wildcards see it with slashes merged, patterns as it is. */
export function walkLocations(host: VirtualHost, uri: string, observer: WalkObserver = blind): Scope {
  const { locations, merges } = host;
  if (locations.sections.length === 0) return emptyScope;
  const mergedUri = host.mergeSlashes ? uri : uri.replace(/\/{2,}/g, '/');
  let scope = emptyScope;
  for (const section of entriesAbove(locations.index, uri)) {
    const { match } = section;
    const isMatch =
      (match.kind === 'path' && isUnder(match.path, mergedUri)) ||
      (match.kind === 'wildcard' && match.pattern.regexp.test(mergedUri)) ||
      sectionMatches(section, uri, observer);
    if (!isMatch) continue;
    observer.section?.(section);
    scope = mergeRemembered(merges, scope, section.scope);
  }
  return scope;
}

/** Whether a URL path is this location or below it, on a segment's boundary. */
function isUnder(location: string, uri: string): boolean {
  if (!uri.startsWith(location)) return false;
  return (
    location.endsWith('/') ||
    uri.length === location.length ||
    uri[location.length] === '/' ||
    location === ''
  );
}
