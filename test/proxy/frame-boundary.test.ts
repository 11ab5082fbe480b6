/** Where frames end, however the bytes come. */

import { describe, expect, it } from 'vitest';
import { FrameBoundary } from '../../src/proxy/frame-boundary.ts';
import { fc } from '../support/property.ts';

/** A frame of so many bytes, masked or not. */
function frame(length: number, isMasked: boolean): Buffer {
  const mask = isMasked ? 0x80 : 0;
  const head =
    length < 126
      ? Buffer.from([0x82, mask | length])
      : length < 65_536
        ? Buffer.from([0x82, mask | 126, length >> 8, length & 0xff])
        : Buffer.from([
            0x82,
            mask | 127,
            0,
            0,
            0,
            0,
            length >>> 24,
            (length >> 16) & 0xff,
            (length >> 8) & 0xff,
            length & 0xff,
          ]);
  return Buffer.concat([head, Buffer.alloc(isMasked ? 4 : 0, 1), Buffer.alloc(length, 0xff)]);
}

describe('FrameBoundary', () => {
  it('is reached behind every frame and nowhere else', () => {
    const lengths = fc.constantFrom(0, 1, 125, 126, 127, 65_535, 65_536, 70_000);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(lengths, fc.boolean()), { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat(200_000)),
        (frames, cuts) => {
          const parts = frames.map(([length, isMasked]) => frame(length, isMasked));
          const bytes = Buffer.concat(parts);
          const ends = new Set(parts.map((_, i) => Buffer.concat(parts.slice(0, i + 1)).length));
          const places = [...new Set([...cuts.map((cut) => cut % bytes.length), ...ends])].sort(
            (a, b) => a - b,
          );
          const boundary = new FrameBoundary();
          let before = 0;
          for (const place of places) {
            boundary.pass(bytes.subarray(before, place));
            expect(boundary.isReached).toBe(place === 0 || ends.has(place));
            before = place;
          }
        },
      ),
    );
  });
});
