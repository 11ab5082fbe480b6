import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import { playScenario } from '../run/play-vectors.ts';

const folders = [
  join(packageRoot(), 'test', 'vectors'),
  join(packageRoot(), 'test', 'golden', 'site', 'recorded'),
];

const scenarios = folders.flatMap((folder) =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ name, path: join(folder, name) })),
);

describe('resolveRoute() on recorded answers', () => {
  it('has scenarios to play', () => {
    expect(scenarios.length).toBeGreaterThanOrEqual(26);
  });

  it.each(scenarios)('agrees with Apache in every field of $name', ({ path }) => {
    const { total, match, mismatches } = playScenario(path);
    expect(mismatches).toEqual([]);
    expect(match).toBe(total);
  });
});
