import { describe, expect, it } from 'vitest';
import { compilePattern, matchPattern, substituteGroups } from '../../src/site/regex.ts';

function groupsOf(
  source: string,
  text: string,
  ignoreCase = false,
): readonly (string | undefined)[] | undefined {
  const pattern = compilePattern(source, ignoreCase);
  if ('error' in pattern) throw new Error(pattern.error);
  return matchPattern(pattern, text)?.groups;
}

describe('compilePattern()', () => {
  it.each([
    ['options at the start', '(?i)^/Ab', '/aB', ['/aB']],
    ['options that end', '(?i:a)b', 'Ab', ['Ab']],
    ['a possessive quantifier', 'a++b(c)', 'aabc', ['aabc', 'c']],
    ['an atomic group before groups', '(?>a+)(b)', 'aab', ['aab', 'b']],
    ['named groups', '(?<y>\\d+)-(?P<m>\\d+)', '20-1', ['20-1', '20', '1']],
    ['references by name', '(?P<n>a)(?P=n)', 'aa', ['aa', 'a']],
    ['POSIX classes', '[[:alpha:]]+[[:^alpha:]]', 'ab1', ['ab1']],
    ['quoted text', '\\Qa.b\\E+', 'a.bb', ['a.bb']],
    ['byte escapes', '\\x41\\101', 'AA', ['AA']],
    ['a dot that takes line ends', 'a.c', 'a\nc', ['a\nc']],
    ['free spacing', '(?x) a b # c', 'ab', ['ab']],
  ])('reads %s', (_, source, text, groups) => {
    expect(groupsOf(source, text)).toEqual(groups);
  });

  it('never gives back what an atomic group took', () => {
    expect(groupsOf('(?>a+)ab', 'aaab')).toBeUndefined();
  });

  it('ignores the case of ASCII letters alone, as PCRE on bytes', () => {
    expect(groupsOf('^\xe9a$', '\xe9A', true)).toBeDefined();
    expect(groupsOf('^\xe9a$', '\xc9A', true)).toBeUndefined();
  });

  it('takes a dollar for the very end', () => {
    expect(groupsOf('a$', 'a\n')).toBeUndefined();
  });

  it.each(['(?R)', '(?(1)a|b)', 'a\\Kb', '(*UTF8)a', '(?|a|b)', '\\p{L}', '(a', '[a'])(
    'refuses %s',
    (source) => {
      expect(compilePattern(source)).toHaveProperty('error');
    },
  );
});

describe('substituteGroups()', () => {
  it('fills groups in and keeps what a backslash protects', () => {
    expect(substituteGroups('$1-$2-\\$1-&', ['whole', 'a', undefined])).toBe('a--$1-&');
  });
});
