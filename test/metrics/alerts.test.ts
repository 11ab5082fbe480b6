import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { packageRoot } from '../../src/package-root.ts';
import { exposedMetrics } from '../support/exposed-metrics.ts';

const folder = join(packageRoot(), 'deploy', 'prometheus');
const promtool = spawnSync('promtool', ['--version']).error === undefined;

type Rules = { readonly groups: readonly { readonly rules: readonly { readonly expr: string }[] }[] };

describe('deploy/prometheus/alerts.yml', () => {
  it.runIf(promtool)('is a valid rule file', () => {
    execFileSync('promtool', ['check', 'rules', 'alerts.yml'], { cwd: folder, stdio: 'pipe' });
  });

  it.runIf(promtool)('fires for what it names and for nothing else', () => {
    const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', 'alerts.test.yml'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(`${status} ${stdout}${stderr}`).toMatch(/^0 /);
  });

  it('asks for metrics that exist', async () => {
    const body = await exposedMetrics();
    const { groups } = parse(readFileSync(join(folder, 'alerts.yml'), 'utf8')) as Rules;
    const names = groups.flatMap(({ rules }) =>
      rules.flatMap(({ expr }) => expr.match(/(wsgi_sidecar|nodejs)_\w+/g) ?? []),
    );
    expect(names.length).toBeGreaterThan(8);
    for (const name of names) expect(body).toContain(`# TYPE ${name} `);
  });
});
