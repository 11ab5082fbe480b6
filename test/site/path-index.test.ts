import { describe, expect, it } from 'vitest';
import { buildPathIndex, entriesAbove } from '../../src/site/path-index.ts';
import { fc } from '../support/property.ts';

const path = fc
  .array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 5 })
  .map((segments) => `/${segments.join('/')}`);

/** Segments without empty ones: how an alias tolerates slashes. */
const plain = (text: string): string =>
  text
    .split('/')
    .filter((segment) => segment !== '')
    .join('/');

function placesAbove(paths: readonly (string | undefined)[], asked: string): readonly number[] {
  const entries = paths.map((path, place) => ({ path, place }));
  return entriesAbove(
    buildPathIndex(entries, ({ path }) => path),
    asked,
  ).map(({ place }) => place);
}

describe('entriesAbove()', () => {
  it('names every path at or above the asked one, in order, however many there are', () => {
    fc.assert(
      fc.property(fc.array(fc.option(path, { nil: undefined }), { maxLength: 30 }), path, (paths, asked) => {
        const found = placesAbove(paths, asked);
        const wanted = paths.flatMap((each, index) => {
          if (each === undefined) return [index];
          const isAbove = plain(each) === '' || `${plain(asked)}/`.startsWith(`${plain(each)}/`);
          return isAbove ? [index] : [];
        });
        expect(found.filter((index) => wanted.includes(index))).toEqual(wanted);
        expect([...found].sort((a, b) => a - b)).toEqual(found);
      }),
    );
  });

  it('leaves out what lies elsewhere when there are many', () => {
    const paths = Array.from({ length: 100 }, (_, index) => `/app${index}/v1`);
    expect(placesAbove(paths, '/app7/v1/x')).toEqual([7]);
  });
});
