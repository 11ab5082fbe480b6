/** Numbers as C reads them, which Apache and mod_wsgi do: what stands behind the digits is cut off without a word. */

/** What atoi(3) makes of a text on Linux: the digits at its beginning, 0 without any, of 32 bits. */
export function leadingInteger(text: string): number {
  return Number(BigInt.asIntN(32, longOf(text)));
}

/** The same of 64 bits, as strtoll(3); beyond 2^53 as near as a number comes. */
export function leadingLong(text: string): number {
  return Number(longOf(text));
}

function longOf(text: string): bigint {
  const whole = BigInt(/^[ \t-\r]*([+-]?\d+)/.exec(text)?.[1] ?? 0);
  return whole > MAX ? MAX : whole < -MAX - 1n ? -MAX - 1n : whole;
}

const MAX = 2n ** 63n - 1n;

/** Whether a text is nothing but the number that is read of it. */
export function isWholeInteger(text: string, number: number): boolean {
  return /^[ \t-\r]*[+-]?\d+$/.test(text) && Number(text) === number;
}
