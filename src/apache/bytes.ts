/** The borders of byte strings (see `directive.ts`): file names and terminals speak UTF-8, the calculation speaks bytes. */

/** The byte string of a text: each UTF-8 byte becomes one character. */
export function toBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The text of a byte string, for people; bytes that are no UTF-8 show as U+FFFD. */
export function fromBytes(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/**
 * The same byte string in memory of its own. Parts of a configuration are views of its whole text, and reading one through
 * the other costs a request that is the first for long two waits for memory instead of one.
 */
export function ownText(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
