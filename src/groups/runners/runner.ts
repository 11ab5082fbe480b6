/** What runs the applications of a group: the built-in worker, another WSGI server, any program, or a server elsewhere. */
import type { GroupSettings } from '../group-settings.ts';

/** Servers that run `wsgi_group.py`, by the names that the settings use. */
export type ServerKind = 'builtin' | 'gunicorn' | 'gunicorn-sync' | 'uwsgi' | 'waitress';

/** The runner of a group, as its plan has it. */
export type Runner = { readonly kind: ServerKind };

/** The first of the layers that says anything of a runner decides; none: the built-in worker. */
export function planRunner(...layers: readonly GroupSettings[]): Runner {
  const layer = layers.find(({ runner }) => runner !== undefined);
  return { kind: layer?.runner ?? 'builtin' };
}
