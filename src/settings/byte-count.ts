/** Numbers of bytes as people write them: `1048576`, `512M`, `2G`; units are powers of 1024, as in Apache and systemd. */

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

/** What a number of bytes may look like, for error messages. */
export const BYTE_COUNT_FORM = 'a number of bytes or a number with a unit, such as "512M" or "2G"';

/** Whole bytes; undefined when the value is no such number. */
export function parseByteCount(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)\s*([KMG]?)(?:i?B)?$/i.exec(value.trim()) : null;
  if (match === null) return undefined;
  return Math.floor(Number(match[1]) * (UNITS[(match[2] ?? '').toUpperCase()] as number));
}
