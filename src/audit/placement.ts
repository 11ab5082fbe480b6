import type { SourcePosition } from '../apache/directive.ts';
import type { GroupIdentity } from '../routing/group-key.ts';
import type { Mount, VirtualHost } from '../site/model.ts';
import type { Scope } from '../site/scope.ts';

/** Where the requests of one mount, script and virtual host run under today's Apache. */
export type Placement = {
  readonly host: VirtualHost;
  readonly mount: Mount;
  /** URL path before PATH_INFO as the name has it before case is folded; undefined where it varies. */
  readonly scriptName?: string;
  readonly scripts: readonly string[];
  /** What each script is to have; undefined where only a request tells. */
  readonly callableObject?: string;
  readonly processTemplate: string;
  readonly applicationTemplate: string;
  /** What sets the application group; the mount itself where nothing does. */
  readonly position: SourcePosition;
  /** Present where the configuration alone tells the names. */
  readonly identity?: GroupIdentity;
  /** Why it does not. */
  readonly reason?: 'url' | 'variable' | 'dispatch' | 'process-group';
  readonly scope: Scope;
  /** Whether both groups are literal options of the alias: mod_wsgi then imports the script at the start. */
  readonly preloaded: boolean;
};
