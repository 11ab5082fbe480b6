import { describe, expect, it } from 'vitest';
import { nearest } from '../src/nearest.ts';
import { fc } from './support/property.ts';

/** By the definition, one end at a time. */
function distance(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length;
  const [shortA, shortB] = [a.slice(1), b.slice(1)];
  if (a[0] === b[0]) return distance(shortA, shortB);
  return 1 + Math.min(distance(shortA, b), distance(a, shortB), distance(shortA, shortB));
}

const word = fc.string({ unit: fc.constantFrom('a', 'b', 'C'), maxLength: 5 });

describe('nearest()', () => {
  it('is the first of the candidates that fewest slips lead to, if they are no more than the limit', () => {
    fc.assert(
      fc.property(word, fc.array(word, { maxLength: 6 }), fc.nat({ max: 4 }), (typed, candidates, limit) => {
        const slips = candidates.map((each) => distance(typed.toLowerCase(), each.toLowerCase()));
        const fewest = Math.min(...slips);
        const expected = fewest <= limit ? candidates[slips.indexOf(fewest)] : undefined;
        expect(nearest(typed, candidates, limit)).toBe(expected);
      }),
    );
  });

  it('takes a third of the letters for slips, and two always', () => {
    expect(nearest('abd', ['abcde'])).toBe('abcde');
    expect(nearest('abd', ['abcdef'])).toBeUndefined();
    expect(nearest('WSGIScriptalia', ['WSGIScriptAliasMatch', 'WSGIDaemonProcess'])).toBeUndefined();
    expect(nearest('WSGIScriptalias', ['WSGIScriptAliasMatch', 'WSGIDaemonProcess'])).toBe(
      'WSGIScriptAliasMatch',
    );
  });
});
