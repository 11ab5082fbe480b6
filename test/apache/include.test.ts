import { describe, expect, it } from 'vitest';
import { isPattern, patternTest } from '../../src/apache/fnmatch.ts';
import { absolutePath } from '../../src/apache/include.ts';
import { fc } from '../support/property.ts';

describe('patternTest()', () => {
  it.each([
    ['*.conf', 'a.conf', true],
    ['*.conf', '.conf', false],
    ['*.conf', 'a.conf~', false],
    ['.*', '.htaccess', true],
    ['?.conf', 'ab.conf', false],
    ['[0-9][0-9]-*', '00-a', true],
    ['[!a]*', 'a', false],
    ['[^a]*', 'b', true],
    ['[]a]', ']', true],
    ['[a-]', '-', true],
    ['[z-a]', 'm', false],
    ['a\\*', 'a*', true],
    ['a\\*', 'ab', false],
    ['[a', '[a', true],
    ['a.b', 'axb', false],
    ['*a*b*', 'xxaxxbxx', true],
    ['', '', true],
    ['[\\]]', ']', true],
    ['[a-\\c]', 'b', true],
    ['a\\', 'a\\', true],
  ])('%s beside %s: %s', (pattern, name, expected) => {
    expect(patternTest(pattern)(name)).toBe(expected);
  });

  it('matches a name by itself when all its characters are escaped', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (name) => {
        const pattern = name.replace(/./gsu, (character) => `\\${character}`);
        expect(patternTest(pattern)(name)).toBe(true);
        expect(isPattern(pattern)).toBe(false);
      }),
    );
  });
});

describe('isPattern()', () => {
  it.each([
    ['a*', true],
    ['a?', true],
    ['a\\*', false],
    ['[ab]', true],
    ['[ab', false],
    ['ab]', false],
    ['\\[ab]', false],
  ])('%s: %s', (name, expected) => {
    expect(isPattern(name)).toBe(expected);
  });
});

describe('absolutePath()', () => {
  it.each([
    ['/etc/apache2', 'a/b.conf', '/etc/apache2/a/b.conf'],
    ['/etc/apache2/', 'a', '/etc/apache2/a'],
    ['/etc/apache2', '/srv//a/./b/../c', '/srv/a/c'],
    ['/etc/apache2', '../x', '/etc/x'],
    ['/', '../../x', '/x'],
    ['/etc', 'sites/', '/etc/sites/'],
    ['/etc', '..', '/'],
  ])('%s + %s = %s', (root, path, expected) => {
    expect(absolutePath(root, path)).toBe(expected);
  });

  it('is absolute, has no empty part, and is its own absolute path', () => {
    const part = fc.constantFrom('a', 'b.conf', '.', '..', '', '*');
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const path = absolutePath('/root', parts.join('/'));
        expect(path).toMatch(/^\//);
        expect(path).not.toMatch(/\/\/|\/\.\.?(\/|$)/);
        expect(absolutePath('/elsewhere', path)).toBe(path);
      }),
    );
  });
});
