/** Durations as people write them: a number of seconds, or a number with `ms`, `s`, `m` or `h`. */

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** What a duration may look like, for error messages. */
export const DURATION_FORM = 'a number of seconds or a number with a unit, such as "30s", "500ms" or "5m"';

/** Milliseconds; undefined when the value is no duration. */
export function parseDurationMs(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value * 1000 : undefined;
  if (typeof value !== 'string') return undefined;
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)?$/.exec(value.trim());
  if (match === null) return undefined;
  return Number(match[1]) * (UNITS[match[2] ?? 's'] as number);
}
