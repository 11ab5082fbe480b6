/** Each rule has configurations that trigger it (`hit*.conf`) and one that nearly does (`near.conf`). */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RULES } from '../../src/audit/audit.ts';
import { auditOf, FIXTURES } from './audit-fixture.ts';

/** Rules on the machine's state, not on the configuration: they have tests of their own or hold wherever a script runs. */
const ABOUT_FILES = [
  'unreadable',
  'script-broken',
  'interpreter-unusable',
  'group-not-computed',
  'analysis-incomplete',
];

const rules = RULES.map(({ id }) => id).filter((id) => id !== 'unreadable');
const hits = rules.flatMap((id) =>
  readdirSync(join(FIXTURES, id))
    .filter((name) => /^hit.*\.conf$/.test(name))
    .map((name) => [id, name] as const),
);

async function idsOf(id: string, name: string, ...words: string[]): Promise<string[]> {
  const { findings } = await auditOf(join(FIXTURES, id, name), ...words);
  return findings.map((finding) => finding.id);
}

describe('RULES', () => {
  it.each(hits)('%s is found in %s, with place, reason and advice', async (id, name) => {
    const { findings } = await auditOf(join(FIXTURES, id, name));
    const [finding] = findings.filter((one) => one.id === id);
    expect(finding).toBeDefined();
    expect(finding?.why).not.toBe('');
    expect(finding?.advice).not.toBe('');
    if (id !== 'interpreter-unusable') expect(existsSync(finding?.file ?? '')).toBe(true);
  });

  it.each(rules)('%s is not found where it only nearly holds', async (id) => {
    expect(await idsOf(id, 'near.conf')).not.toContain(id);
  });

  it.each(hits)(
    "%s is not found in the sidecar's own layout of %s, a process for each script",
    async (id, name) => {
      const found = await idsOf(id, name, '--layout', 'sidecar', '--isolation', 'per-script');
      expect(found.filter((other) => !ABOUT_FILES.includes(other))).toEqual([]);
    },
  );

  it('finds nothing between groups of one process of Apache where each has a process here', async () => {
    expect(await idsOf('environ-clash', 'hit.conf')).toContain('environ-clash');
    expect(await idsOf('environ-clash', 'hit.conf', '--layout', 'sidecar')).toEqual([]);
    expect(await idsOf('global-leak', 'hit.conf', '--layout', 'sidecar')).toEqual([]);
  });
});
