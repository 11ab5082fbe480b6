/** Bytes as text, one character a byte: `toString('latin1')` without its choice of encodings, which every request would pay for. */

/** What @types/node leaves out. */
type Bytes = Buffer & { latin1Slice(start?: number, end?: number): string };

/** A part of bytes, or all of them; throws where `end` is behind them. */
export function latin1(bytes: Buffer, start?: number, end?: number): string {
  return (bytes as Bytes).latin1Slice(start, end);
}
