/** Numbers as C reads them, which Apache and mod_wsgi do: what stands behind the digits is cut off without a word. */

/** What atoi(3) makes of a text on Linux: the digits at its beginning, 0 without any, of 32 bits. */
export function leadingInteger(text: string): number {
  const digits = /^[ \t-\r]*([+-]?\d+)/.exec(text)?.[1];
  if (digits === undefined) return 0;
  // As strtol(3), then a cast.
  const whole = BigInt(digits);
  const long = whole > MAX ? MAX : whole < -MAX - 1n ? -MAX - 1n : whole;
  return Number(BigInt.asIntN(32, long));
}

const MAX = 2n ** 63n - 1n;

/** Whether a text is nothing but the number that is read of it. */
export function isWholeInteger(text: string, number: number): boolean {
  return /^[ \t-\r]*[+-]?\d+$/.test(text) && Number(text) === number;
}
