import { describe, expect, it } from 'vitest';
import { replaceParameters } from '../../src/apache/macro-parameters.ts';
import { fc } from '../support/property.ts';

function replaced(line: string, values: Readonly<Record<string, string>>): string | undefined {
  return replaceParameters(line, Object.keys(values), Object.values(values), new Set());
}

describe('replaceParameters()', () => {
  it.each([
    ['each parameter', 'a $x %y', { $x: '1', '%y': '2' }, 'a 1 2'],
    ['the longer of two at one place', '$ab $a', { $a: '1', $ab: '2' }, '2 1'],
    ['no parameter within a value', '$x', { $x: '$y', $y: '2' }, '$y'],
    ['a parameter within a word', 'www.$x.test', { $x: 'a' }, 'www.a.test'],
    ['quotes for an at sign', 'A @x', { '@x': 'a "b" \\' }, 'A "a \\"b\\" \\\\"'],
    ['nothing for an empty value', 'a$x b', { $x: '' }, 'a b'],
    ['a parameter by itself as it is', '@x', { '@x': '@x' }, '@x'],
  ])('puts in %s', (_, line, values, expected) => {
    expect(replaced(line, values)).toBe(expected);
  });

  it('tells which parameters the line has', () => {
    const used = new Set<string>();
    replaceParameters('$a $b', ['$a', '$b', '$c'], ['1', '2', '3'], used);
    expect([...used]).toEqual(['$a', '$b']);
  });

  it('gives up where a value that holds its own parameter would make the line grow for ever', () => {
    expect(replaced('@q', { '@q': 'q""@q' })).toBeUndefined();
  });

  it('ends for any line and any values', () => {
    const text = fc
      .array(fc.constantFrom('$x', '@y', 'y', '"', '\\', 'a', ''))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, text, text, (line, x, y) => {
        expect((replaced(line, { $x: x, '@y': y, y: x }) ?? '').length).toBeLessThan(8192);
      }),
    );
  });
});
