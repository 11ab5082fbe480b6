/** What the readers of directives share while a site is built. */
import type { Diagnostic } from '../apache/diagnostic.ts';
import type { Directive, DirectiveNode, SourcePosition } from '../apache/directive.ts';
import type { SiteMemo } from './memo.ts';
import type { Mount, MountKind, SiteOptions } from './model.ts';
import type { Scope } from './scope.ts';

/** The state of one `buildSite`. */
export type BuildContext = {
  readonly options: SiteOptions;
  readonly diagnostics: Diagnostic[];
  /** What stands where Apache does not start with it: known, though no reader takes it there. */
  readonly misplaced: ReadonlySet<DirectiveNode>;
  readonly mounts: Mount[];
  readonly mountIds: Set<string>;
  readonly memo: SiteMemo;
};

/** Where a directive stands while it is read. */
export type PlaceContext = {
  readonly build: BuildContext;
  /** Id and ServerName of the virtual host or main server in whose text it stands. */
  readonly hostId: string;
  readonly hostName: string;
  /** The argument of the section around it (httpd `cmd->path`); undefined outside sections. */
  readonly path: string | undefined;
  /** The kind of that section: `directory`, `location`, `files`, `if`. */
  readonly section: string | undefined;
};

/** A scope while it is read. */
export type ScopeDraft = { -readonly [K in keyof Scope]: Scope[K] };

/** Takes one directive into a scope. */
export type ScopeReader = (draft: ScopeDraft, directive: Directive, place: PlaceContext) => void;

/** Makes a mount with an id of its own: short, longer where two would be the same. */
export function addMount(
  place: PlaceContext,
  mount: {
    readonly kind: MountKind;
    readonly mountPoint: string;
    readonly target: string;
    readonly position: SourcePosition;
  },
): Mount {
  const { mountIds, mounts } = place.build;
  const candidates = [`${place.hostName}:${mount.mountPoint}`, `${place.hostId}:${mount.mountPoint}`];
  let id = candidates.find((candidate) => !mountIds.has(candidate));
  for (let n = 2; id === undefined; n += 1) {
    const numbered = `${candidates[1]}#${n}`;
    if (!mountIds.has(numbered)) id = numbered;
  }
  mountIds.add(id);
  const made = { id, ...mount, virtualHost: place.hostId };
  mounts.push(made);
  return made;
}
