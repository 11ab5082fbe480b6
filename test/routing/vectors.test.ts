import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import { playScenario } from '../run/play-vectors.ts';

const folder = join(packageRoot(), 'test', 'vectors');

/** Scenarios that need Python in front of routing, with the number of requests that agree without it. */
const incomplete: Readonly<Record<string, number>> = { 's11-dispatch': 2 };

const scenarios = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

describe('resolveRoute() on recorded answers', () => {
  it('has scenarios to play', () => {
    expect(scenarios.length).toBeGreaterThanOrEqual(16);
  });

  it.each(scenarios.filter((name) => !(name in incomplete)))(
    'agrees with Apache in every field of %s',
    (name) => {
      const { total, match, mismatches } = playScenario(join(folder, name));
      expect(mismatches).toEqual([]);
      expect(match).toBe(total);
    },
  );

  it.each(Object.entries(incomplete))(
    'agrees in as many requests of %s as it has reached',
    (name, reached) => {
      expect(playScenario(join(folder, name)).match).toBe(reached);
    },
  );
});
