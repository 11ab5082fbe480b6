/** Which runner the settings give a group, and what each is told. */
import type { GroupSettings } from '../group-settings.ts';
import type { CommandRunner, Runner, UrlRunner } from './runner.ts';

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
