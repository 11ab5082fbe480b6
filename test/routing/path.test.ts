import { describe, expect, it } from 'vitest';
import { canonicalFilename, processPath } from '../../src/routing/path.ts';
import { fc } from '../support/property.ts';

const plain = { mergeSlashes: true, encodedSlashes: 'off' } as const;

describe('processPath()', () => {
  it.each([
    ['/a/./b/../c', '/a/c'],
    ['//a///b', '/a/b'],
    ['/%61%2e%2e', '/a..'],
    ['/a/%2e%2e/b', '/b'],
    ['/a%20b', '/a b'],
    ['/...', '/...'],
    ['/a/..', '/'],
    ['/%2525', '/%25'],
  ])('makes %s into %s', (raw, path) => {
    expect(processPath(raw, plain)).toEqual({ path });
  });

  it.each([
    ['/../a', 400],
    ['/a/%', 400],
    ['/a/%zz', 400],
    ['a', 400],
    ['/a%2fb', 404],
    ['/a%00', 404],
  ])('refuses %s with %i', (raw, status) => {
    expect(processPath(raw, plain)).toMatchObject({ status });
  });

  it('keeps or decodes encoded slashes as told', () => {
    expect(processPath('/a%2Fb', { mergeSlashes: true, encodedSlashes: 'nodecode' })).toEqual({
      path: '/a%2Fb',
    });
    expect(processPath('/a%2F..%2Fb', { mergeSlashes: true, encodedSlashes: 'on' })).toEqual({ path: '/b' });
  });

  it('leaves no dot segment and no double slash in any path that it lets through', () => {
    const part = fc.constantFrom('a', '.', '..', '%2e', '%2E.', '', '%61', '%20', '...');
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), (parts) => {
        const result = processPath(`/${parts.join('/')}`, plain);
        if ('path' in result) expect(result.path).not.toMatch(/\/\.\.?(?:\/|$)|\/\//);
      }),
    );
  });
});

describe('canonicalFilename()', () => {
  it.each([
    ['/a//b/./c', '/a/b/c'],
    ['/a/b/../c/', '/a/c/'],
    ['/a/..', '/'],
    ['/a/.hidden', '/a/.hidden'],
  ])('makes %s into %s', (filename, canonical) => {
    expect(canonicalFilename(filename)).toBe(canonical);
  });
});
