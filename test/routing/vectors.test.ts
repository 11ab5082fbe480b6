import { describe, expect, it } from 'vitest';
import { playScenario } from '../run/play-vectors.ts';
import { scenarios } from './recorded-scenarios.ts';

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
