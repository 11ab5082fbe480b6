import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import { SETTINGS_TABLE } from '../../src/settings/table.ts';
import { exposedMetrics } from '../support/exposed-metrics.ts';

const manual = readFileSync(join(packageRoot(), 'MANUAL.md'), 'utf8');
const headings = manual.split('\n').filter((line) => line.startsWith('### '));

describe('MANUAL.md', () => {
  it.each(SETTINGS_TABLE)(
    'has an entry for $key, with its flag and variable',
    ({ key, flag, environment }) => {
      expect(headings.some((heading) => heading.slice(4).split(', ').includes(key))).toBe(true);
      expect(manual).toContain(`\`${environment}\``);
      if (flag !== undefined) expect(manual).toContain(`\`${flag.split(' ')[0]}`);
    },
  );

  it('lists every metric of the sidecar', async () => {
    const body = await exposedMetrics();
    const names = [...body.matchAll(/^# TYPE wsgi_sidecar_(\w+) /gm)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(25);
    for (const name of names) expect(manual).toContain(`\`${name}\``);
  });

  it('explains every diagnostic', () => {
    const ids = ['apache', 'site', 'routing', 'cli'].flatMap((part) =>
      diagnosticIds(join(packageRoot(), 'src', part)),
    );
    expect(ids.length).toBeGreaterThan(10);
    expect(ids.filter((id) => !manual.includes(`| \`${id}\``))).toEqual([]);
  });
});

/** Ids as the sources write them: `id: 'x-y'`, or after a severity. */
function diagnosticIds(folder: string): string[] {
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const found = sources.flatMap((name) => {
    const text = readFileSync(join(folder, name), 'utf8');
    const pattern = /(?:\bid: |finding\(\s*|'(?:error|warning|info)',\s*)'([a-z]+(?:-[a-z]+)+)'/g;
    return [...text.matchAll(pattern)].map(([, id]) => id as string);
  });
  return [...new Set(found)].sort();
}
