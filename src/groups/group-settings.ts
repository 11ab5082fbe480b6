/** What may be said of a group, whoever says it: the settings for all groups or one, or a `WSGIDaemonProcess`. */
import type { LifeSettings } from './plan-life.ts';
import type { ServerKind } from './runners/runner.ts';

/** Text as in `sidecar.yaml`, durations in ms. In all numbers that limit something 0 is no limit. */
export type GroupSettings = {
  readonly runner?: ServerKind | undefined;
  readonly command?: readonly string[] | undefined;
  readonly url?: readonly string[] | undefined;
  readonly healthIntervalMs?: number | undefined;
  readonly healthTimeoutMs?: number | undefined;
  readonly healthThreshold?: number | undefined;
  readonly trustClose?: boolean | undefined;
  readonly healthPath?: string | undefined;
  readonly python?: string | undefined;
  readonly processes?: number | undefined;
  readonly threads?: number | undefined;
  readonly user?: string | undefined;
  readonly group?: string | undefined;
  readonly supplementaryGroups?: readonly string[] | undefined;
  readonly allowRoot?: boolean | undefined;
  readonly home?: string | undefined;
  readonly chroot?: string | undefined;
  readonly umask?: string | undefined;
  readonly cpuPriority?: number | undefined;
  readonly displayName?: string | undefined;
  readonly pythonPath?: readonly string[] | undefined;
  readonly pythonHome?: string | undefined;
  readonly pythonEggs?: string | undefined;
  readonly lang?: string | undefined;
  readonly locale?: string | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly imports?: readonly string[] | undefined;
  readonly scriptReloading?: boolean | undefined;
  readonly scriptUser?: string | undefined;
  readonly scriptGroup?: string | undefined;
  readonly memoryLimitBytes?: number | undefined;
  readonly virtualMemoryLimitBytes?: number | undefined;
  readonly stackSizeBytes?: number | undefined;
  readonly cpuTimeLimitMs?: number | undefined;
  readonly switchIntervalMs?: number | undefined;
  readonly startTimeoutMs?: number | undefined;
  readonly startupTimeoutMs?: number | undefined;
  readonly drainTimeoutMs?: number | undefined;
  readonly shutdownTimeoutMs?: number | undefined;
  readonly queueLength?: number | undefined;
  readonly queueTimeoutMs?: number | undefined;
  readonly connectTimeoutMs?: number | undefined;
  readonly socketTimeoutMs?: number | undefined;
  readonly responseSocketTimeoutMs?: number | undefined;
  readonly listenBacklog?: number | undefined;
  readonly sendBufferSizeBytes?: number | undefined;
  readonly receiveBufferSizeBytes?: number | undefined;
} & LifeSettings;

/** Names and paths of the system as byte strings (one character a byte), as Apache's configuration has them. */
const BYTE_STRINGS: ReadonlySet<string> = new Set([
  'command',
  'user',
  'group',
  'supplementaryGroups',
  'home',
  'chroot',
  'displayName',
  'pythonPath',
  'imports',
  'scriptUser',
  'scriptGroup',
]);

/** The same settings with names and paths as byte strings. */
export function inBytes(settings: GroupSettings): GroupSettings {
  const entries = Object.entries(settings).map(([key, value]) =>
    BYTE_STRINGS.has(key) ? [key, bytesOf(value)] : [key, value],
  );
  return Object.fromEntries(entries) as GroupSettings;
}

/** What several say together; the later ones count, as far as they say anything. */
export function layered(...layers: readonly GroupSettings[]): GroupSettings {
  const entries = layers.flatMap((layer) => Object.entries(layer)).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as GroupSettings;
}

function bytesOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bytesOf);
  return typeof value === 'string' ? Buffer.from(value, 'utf8').toString('latin1') : value;
}
