import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isSelected, lacking, SUITES } from './suites.ts';

const SUITE = { name: 'integration/hgweb', packages: ['apache2', 'mercurial'], files: ['/doc/hgweb.wsgi'] };

describe('lacking()', () => {
  const machine = { isInstalled: () => true, fileExists: () => true, isRoot: true };

  it('names the packages and the files that a suite misses', () => {
    const bare = { ...machine, isInstalled: (name: string) => name === 'apache2', fileExists: () => false };
    const lacks = lacking([SUITE], bare);
    expect(lacks).toEqual([{ suite: SUITE, missing: ['mercurial', '/doc/hgweb.wsgi'], lacksRoot: false }]);
  });

  it('says that a suite needs root only where there is none', () => {
    const suite = { ...SUITE, needsRoot: true };
    expect(lacking([suite], machine)).toEqual([]);
    expect(lacking([suite], { ...machine, isRoot: false })).toEqual([
      { suite, missing: [], lacksRoot: true },
    ]);
  });

  it('is empty when everything is there', () => {
    expect(lacking([SUITE], machine)).toEqual([]);
  });
});

describe('isSelected()', () => {
  it('takes a filter as vitest does, as a part of the path', () => {
    expect(isSelected(SUITE, [])).toBe(true);
    expect(isSelected(SUITE, ['integration'])).toBe(true);
    expect(isSelected(SUITE, ['routing', 'hgweb'])).toBe(true);
    expect(isSelected(SUITE, ['routing'])).toBe(false);
  });
});

describe('SUITES', () => {
  it.each(SUITES.map(({ name }) => name))('names a suite that exists: %s', (name) => {
    expect(existsSync(`test/${name}.test.ts`) || existsSync(`test/${name}`)).toBe(true);
  });

  it('names each suite that starts the real Apache', () => {
    const files = readdirSync('test', { recursive: true, encoding: 'utf8' });
    const starting = files.filter(
      (file) =>
        file.endsWith('.test.ts') &&
        /\b(?:startApache|besideApache)\(/.test(readFileSync(join('test', file), 'utf8')),
    );
    const named = SUITES.filter(({ packages }) => packages.includes('apache2'));
    const unnamed = starting.filter((file) => !named.some(({ name }) => file === `${name}.test.ts`));
    expect(starting).toContain('integration/parity.test.ts');
    expect(unnamed).toEqual([]);
  });
});
