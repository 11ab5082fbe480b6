import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import { playScenario } from '../run/play-vectors.ts';

const folders = [
  join(packageRoot(), 'test', 'vectors'),
  join(packageRoot(), 'test', 'golden', 'site', 'recorded'),
];

/** Scenarios that need Python in front of routing, with the number of requests that agree without it. */
const incomplete: Readonly<Record<string, number>> = { 's11-dispatch': 2 };

const scenarios = folders.flatMap((folder) =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ name, path: join(folder, name) })),
);

describe('resolveRoute() on recorded answers', () => {
  it('has scenarios to play', () => {
    expect(scenarios.length).toBeGreaterThanOrEqual(26);
  });

  it.each(scenarios.filter(({ name }) => !(name in incomplete)))(
    'agrees with Apache in every field of $name',
    ({ path }) => {
      const { total, match, mismatches } = playScenario(path);
      expect(mismatches).toEqual([]);
      expect(match).toBe(total);
    },
  );

  it.each(scenarios.filter(({ name }) => name in incomplete))(
    'agrees in as many requests of $name as it has reached',
    ({ name, path }) => {
      expect(playScenario(path).match).toBe(incomplete[name]);
    },
  );
});
