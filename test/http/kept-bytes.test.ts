import { describe, expect, it } from 'vitest';
import { KeptBytes } from '../../src/http/kept-bytes.ts';
import { fc, runs } from '../support/property.ts';

/** `add`: so many bytes; `drop`: a part of what is kept; `hold`: the view is used on, as a body uses it, when all is dropped. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('add' as const), size: fc.nat({ max: 70 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('drop' as const),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('hold' as const) }) },
);

describe('KeptBytes', () => {
  it('keeps what was added less what was dropped, in a memory of its own', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const kept = new KeptBytes();
        const shared = Buffer.alloc(70);
        let model: Buffer = Buffer.alloc(0);
        let next = 0;
        const held: { readonly view: Buffer; readonly was: Buffer }[] = [];
        for (const one of steps) {
          if (one.kind === 'add') {
            const bytes = shared.subarray(0, one.size);
            for (let i = 0; i < bytes.length; i += 1) bytes[i] = next++ & 255;
            const was = Buffer.from(bytes);
            kept.add(bytes);
            expect(bytes.equals(was)).toBe(true);
            model = Buffer.concat([model, was]);
            // The next read of whatever connection.
            shared.fill(0xee);
          } else if (one.kind === 'drop') {
            const count = Math.floor(one.share * model.length);
            kept.drop(count);
            model = model.subarray(count);
          } else {
            held.push({ view: kept.view(), was: Buffer.from(model) });
            kept.drop(model.length);
            model = Buffer.alloc(0);
          }
          expect(kept.length).toBe(model.length);
          expect(kept.view().equals(model)).toBe(true);
        }
        for (const { view, was } of held) expect(view.equals(was)).toBe(true);
      }),
      runs(200),
    );
  });

  it('copies no more than three times what comes a byte at a time', () => {
    const kept = new KeptBytes();
    const stores = new Map<ArrayBufferLike, number>();
    for (let i = 0; i < 65_536; i += 1) {
      kept.add(Buffer.from([i & 255]));
      const { buffer, length } = kept.view();
      if (!stores.has(buffer)) stores.set(buffer, length);
    }
    expect(kept.length).toBe(65_536);
    const copied = [...stores.values()].reduce((sum, length) => sum + length, 0);
    expect(copied).toBeLessThan(3 * 65_536);
  });
});
