/** The walks of a request: which sections are in force, which file is meant (httpd `core_map_to_storage()`). */

import type { ScriptAlias } from '../site/alias.ts';
import { maxRemembered } from '../site/memo.ts';
import { mergeRemembered } from '../site/merge-cache.ts';
import type { ConditionSection, Scope, ScopeSection } from '../site/scope.ts';
import { emptyScope } from '../site/scope.ts';
import { type WalkObserver, walkDirectories, walkFiles, walkLocations } from '../site/walk.ts';
import { evaluateExpression } from './expression.ts';
import { canonicalFilename, isCanonical } from './path.ts';
import { type RequestState, type Stop, stop } from './request-state.ts';
import { refuseLinks } from './symlinks.ts';
import { setVariable } from './variable-table.ts';

function observerOf(state: RequestState, isTraced: boolean): WalkObserver {
  return {
    variable: (name, value) => {
      state.variables = setVariable(state.variables, { name, value, fromRequest: true });
    },
    unknown: (rule) => {
      state.unresolved ??= rule;
    },
    section: isTraced && state.trace !== undefined ? (section) => traceSection(state, section) : undefined,
  };
}

function traceSection(
  state: RequestState,
  section: Pick<ScopeSection, 'scope' | 'title' | 'position'>,
): void {
  const { applicationGroup, processGroup } = section.scope;
  const sets = [
    ...(applicationGroup === undefined ? [] : [`application group "${applicationGroup.value}"`]),
    ...(processGroup === undefined ? [] : [`process group "${processGroup.value}"`]),
  ];
  const effect = sets.length === 0 ? '' : ` sets ${sets.join(' and ')}`;
  state.trace?.({
    step: 'section',
    text: `${section.title} is in force${effect}`,
    position: section.position,
  });
}

/** `<Location>` and then `<If>` sections on top of what is in force (`walk_location_and_if()`). */
export function walkLocationAndIf(state: RequestState, isTraced: boolean): void {
  const { host } = state;
  if (host.locations.sections.length > 0) {
    state.scope = mergeRemembered(
      state.host.merges,
      state.scope,
      walkLocations(host, state.uri, observerOf(state, isTraced)),
    );
  }
  if (state.scope.conditions !== undefined) walkConditions(state, state.scope.conditions, isTraced);
}

function walkConditions(
  state: RequestState,
  conditions: readonly ConditionSection[],
  isTraced: boolean,
): void {
  let previous: boolean | undefined;
  let merged: Scope = emptyScope;
  for (const section of conditions) {
    if (section.kind !== 'if' && previous === true) continue;
    if (section.kind !== 'else') {
      if (section.condition === undefined) {
        if (Object.keys(section.scope).length > 0) state.unresolved ??= section.unknown;
        previous = false;
        continue;
      }
      previous = evaluateExpression(state, section.condition);
      if (!previous) continue;
    } else previous = undefined;
    if (isTraced) traceSection(state, section);
    merged = mergeRemembered(state.host.merges, merged, section.scope);
  }
  if (merged === emptyScope) return;
  state.scope = mergeRemembered(state.host.merges, state.scope, merged);
  if (merged.conditions !== undefined) walkConditions(state, merged.conditions, isTraced);
}

/** Finds the file, then takes the sections of its folders and of its name (`ap_directory_walk()`, `ap_file_walk()`). */
export function mapToStorage(state: RequestState): Stop | undefined {
  if (state.filename?.startsWith('/') !== true) return undefined;
  const target = findTarget(state);
  if (target !== undefined) {
    enterTarget(state, target);
    return refuseLinks(state, target.alias.target);
  }
  const found = findFile(state, canonicalFilename(state.filename));
  if ('status' in found) return found;
  enterFile(state, found);
  return refuseLinks(state, found.filename);
}

function enterFile(state: RequestState, found: FoundFile): void {
  state.filename = found.filename;
  state.fileKind = found.kind;
  state.pathInfo = joinPathInfo(found.pathInfo, state.pathInfo);
  state.scope = scopeOfFolder(state, found);
  if (state.scope.allowOverride === true) lookForOverrides(state, found.folder);
  const files = walkFiles(state.host, state.scope, found.filename, observerOf(state, true));
  state.scope = mergeRemembered(state.host.merges, state.scope, files);
}

/** As `enterFile` for the script of an alias: its sections are the same for all requests that nothing was noted of on the walk. */
function enterTarget(state: RequestState, { alias, rest }: AliasTarget): void {
  const { host, variables } = state;
  const { target, knownScope } = alias;
  if (knownScope !== undefined && alias.knownHost === host && state.trace === undefined) {
    state.filename = target;
    state.fileKind = 'file';
    state.pathInfo = joinPathInfo(rest, state.pathInfo);
    state.scope = knownScope;
    return;
  }
  const folder = target.slice(0, target.lastIndexOf('/') + 1);
  enterFile(state, { filename: target, kind: 'file', pathInfo: rest, folder });
  const { scope } = state;
  const isSame = state.variables === variables && state.unresolved === undefined;
  if (!isSame || scope.allowOverride === true) return;
  alias.knownHost = host;
  alias.knownScope = scope;
}

/** A `.htaccess` in any folder above the file may change everything here, and is not read. */
function lookForOverrides(state: RequestState, folder: string): void {
  for (let at = folder.indexOf('/'); at !== -1; at = folder.indexOf('/', at + 1)) {
    const file = `${folder.slice(0, at + 1)}.htaccess`;
    if (state.probe.kind(file) !== 'file') continue;
    const message = `"${file}" is in force (AllowOverride), and the sidecar does not read such files`;
    const advice = 'Move what it says into a <Directory> section and set AllowOverride None';
    state.unresolved ??= { severity: 'error', id: 'htaccess', position: { file, line: 1 }, message, advice };
  }
}

/** The sections of folders; without patterns the folder alone decides, and the answer is remembered. */
function scopeOfFolder(state: RequestState, { folder, filename }: FoundFile): Scope {
  const { host } = state;
  if (host.directoryPatterns.length > 0 || state.trace !== undefined) {
    const walked = walkDirectories(host, folder, filename, observerOf(state, true));
    return mergeRemembered(host.merges, host.defaults, walked);
  }
  const { known, index } = host.directories;
  // A list of a few sections is walked sooner than a folder, of which there are as many as mounts, is looked up.
  if (index.hashes.length === 0)
    return mergeRemembered(host.merges, host.defaults, walkDirectories(host, folder, filename));
  let walked = known.get(folder);
  if (walked === undefined) {
    if (known.size >= maxRemembered) known.clear();
    walked = walkDirectories(host, folder, filename);
    known.set(folder, walked);
  }
  return mergeRemembered(host.merges, host.defaults, walked);
}

type AliasTarget = { readonly alias: ScriptAlias; readonly rest: string };

/** The usual case without climbing: the script of an alias is there, and what the alias left of the path is path info. */
function findTarget({ scriptAlias: alias, aliasRest: rest, probe }: RequestState): AliasTarget | undefined {
  if (alias === undefined || rest === undefined || !alias.isPlainTarget) return undefined;
  if (rest !== '' && (!rest.startsWith('/') || !isCanonical(rest))) return undefined;
  return probe.kind(alias.target) === 'file' ? { alias, rest } : undefined;
}

function joinPathInfo(found: string, before: string): string {
  if (before === '') return found;
  return found === '' ? before : `${found.replace(/\/$/, '')}/${before.replace(/^\//, '')}`;
}

type FoundFile = {
  readonly filename: string;
  readonly kind: RequestState['fileKind'];
  readonly pathInfo: string;
  /** The deepest folder that was walked, with its slash. */
  readonly folder: string;
};

function findFile(state: RequestState, filename: string): FoundFile | Stop {
  const { probe } = state;
  const kind = probe.kind(filename);
  if (kind === 'file' && !filename.endsWith('/')) {
    return { filename, kind, pathInfo: '', folder: filename.slice(0, filename.lastIndexOf('/') + 1) };
  }
  if (kind === 'directory') {
    return { filename, kind, pathInfo: '', folder: filename.endsWith('/') ? filename : `${filename}/` };
  }
  return climbDown(state, filename);
}

/** Component by component, as far as the path exists. */
function climbDown(state: RequestState, filename: string): FoundFile | Stop {
  let folder = '/';
  let at = 1;
  for (;;) {
    const slash = filename.indexOf('/', at);
    const end = slash === -1 ? filename.length : slash;
    if (end === at) return { filename: folder, kind: 'directory', pathInfo: filename.slice(end), folder };
    const path = filename.slice(0, end);
    const kind = state.probe.kind(path);
    const pathInfo = filename.slice(end);
    if (kind === 'denied') return stop(403, 'forbidden', `A folder above "${filename}" may not be searched`);
    if (kind === 'other') return stop(403, 'forbidden', `"${path}" is neither a file nor a folder`);
    if (kind === 'missing' || kind === 'file') return { filename: path, kind, pathInfo, folder };
    folder = `${path}/`;
    at = end + 1;
    if (at > filename.length || at === filename.length) {
      return { filename: filename.endsWith('/') ? folder : path, kind, pathInfo: '', folder };
    }
  }
}
