/** Versions that are known to be unsafe are not in the lock file; the advisories are GitHub's, by id. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';

/** The first version without the fault. */
const LEAST: readonly (readonly [name: string, version: string, why: string])[] = [
  ['hono', '4.13.5', 'GHSA-gqvv-2mrq-wpjv, GHSA-g6gw-c38x-mqfc, GHSA-crvj-82cr-hjcx'],
  ['@hono/node-server', '1.19.15', 'serving of files'],
];

type Lock = { readonly packages: Readonly<Record<string, { readonly version?: string }>> };

const lock = JSON.parse(readFileSync(join(packageRoot(), 'package-lock.json'), 'utf8')) as Lock;
const numbers = (version: string): number[] => version.split('.').map(Number);

describe('the lock file', () => {
  it.each(LEAST)('has %s at %s or later (%s)', (name, least) => {
    const found = Object.entries(lock.packages).filter(([path]) => path.endsWith(`node_modules/${name}`));
    expect(found.length).toBeGreaterThan(0);
    for (const [, { version = '0' }] of found) {
      const [have, want] = [numbers(version), numbers(least)];
      const at = want.findIndex((part, i) => have[i] !== part);
      expect(at < 0 || (have[at] ?? 0) > (want[at] ?? 0)).toBe(true);
    }
  });
});

describe('http-proxy', () => {
  it('has its unsafe passes taken out, because no version of it is mended', () => {
    const source = readFileSync(join(packageRoot(), 'src', 'proxy', 'forwarder.ts'), 'utf8');
    for (const pass of ['deleteLength', 'timeout', 'XHeaders', 'stream'])
      expect(source).toContain(`'${pass}'`);
  });
});
