/** What runs the applications of a group: the built-in worker, another WSGI server, any program, or a server elsewhere. */
import type { GroupSettings } from '../group-settings.ts';

/** Servers that run `wsgi_group.py`, by the names that the settings use. */
export type ServerKind = 'builtin' | 'gunicorn' | 'gunicorn-sync' | 'uwsgi' | 'waitress';

/** The runner of a group, as its plan has it. */
export type Runner = { readonly kind: ServerKind } | CommandRunner | UrlRunner;

/** A program that serves HTTP by itself. */
export type CommandRunner = {
  readonly kind: 'command';
  /** Byte strings; `{fd}`, `{socket}` or `{port}` in them says where to listen. */
  readonly command: readonly string[];
  readonly listens: 'descriptor' | 'socket' | 'port';
  readonly trustClose: boolean;
  /** What has to be answered with 2xx or 3xx before it counts as ready; absent: any answer to `OPTIONS *` will do. */
  readonly healthPath?: string;
};

/** Servers that run elsewhere, and how they are checked. */
export type UrlRunner = {
  readonly kind: 'url';
  /** `http://host:port` each. */
  readonly urls: readonly string[];
  readonly trustClose: boolean;
  /** What has to be answered with 2xx or 3xx; absent: a connection will do. */
  readonly healthPath?: string;
  readonly healthIntervalMs: number;
  readonly healthTimeoutMs: number;
  /** Checks that have to fail in a row before a server counts as unhealthy. */
  readonly healthThreshold: number;
};

const HEALTH_INTERVAL_MS = 10_000;
const HEALTH_TIMEOUT_MS = 5_000;
const HEALTH_THRESHOLD = 2;

/** The settings that name a runner; of one layer only one of them may. */
export const RUNNER_KEYS = ['runner', 'command', 'url'] as const;

/** The first of the layers that says anything of a runner decides; none: the built-in worker. */
export function planRunner(...layers: readonly GroupSettings[]): Runner {
  const layer = layers.find((settings) => RUNNER_KEYS.some((key) => settings[key] !== undefined)) ?? {};
  const said = { ...layers[1], ...layers[0] };
  if (layer.url !== undefined) return planUrl(layer.url, said);
  if (layer.command !== undefined) return planCommand(layer.command, said);
  return { kind: layer.runner ?? 'builtin' };
}

function planCommand(command: readonly string[], { trustClose, healthPath }: GroupSettings): CommandRunner {
  return {
    kind: 'command',
    command,
    listens: listensOf(command) ?? 'descriptor',
    trustClose: trustClose ?? false,
    ...(healthPath === undefined ? {} : { healthPath }),
  };
}

function planUrl(urls: readonly string[], said: GroupSettings): UrlRunner {
  const { trustClose, healthPath } = said;
  return {
    kind: 'url',
    urls,
    trustClose: trustClose ?? false,
    ...(healthPath === undefined ? {} : { healthPath }),
    healthIntervalMs: said.healthIntervalMs || HEALTH_INTERVAL_MS,
    healthTimeoutMs: said.healthTimeoutMs || HEALTH_TIMEOUT_MS,
    healthThreshold: said.healthThreshold ?? HEALTH_THRESHOLD,
  };
}

/** How a command is told where to listen; undefined when it is not told. */
export function listensOf(command: readonly string[]): CommandRunner['listens'] | undefined {
  const says = (place: string): boolean => command.some((word) => word.includes(place));
  if (says('{fd}')) return 'descriptor';
  if (says('{socket}')) return 'socket';
  return says('{port}') ? 'port' : undefined;
}
