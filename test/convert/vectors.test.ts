import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firstDifference } from '../../src/cli/same-site.ts';
import { packageRoot } from '../../src/package-root.ts';
import { resolveRoute } from '../../src/routing/resolve.ts';
import { createFileProbe } from '../../src/supervisor/file-probe.ts';
import { readConvertedSite } from '../run/convert-scenario.ts';
import { layOut, parseRecorded, playScenario, readRequests, readScenarioSite } from '../run/play-vectors.ts';

const folder = join(packageRoot(), 'test', 'vectors');
const scenarios = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

describe.each(scenarios)('the settings file that convert makes of %s', (name) => {
  const scenario = join(folder, name);
  let root = '';
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'convert-'));
    layOut(scenario, root);
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it('is the same site, but for places', () => {
    const [apache, converted] = [readScenarioSite(scenario, root), readConvertedSite(scenario, root)];
    expect(firstDifference(apache, converted)).toBeUndefined();
  });

  it('gives every request the same route, but for places', () => {
    const [apache, converted] = [readScenarioSite(scenario, root), readConvertedSite(scenario, root)];
    const probe = createFileProbe();
    const requests = readRequests(scenario)
      .map(parseRecorded)
      .filter((request) => request !== undefined);
    expect(requests.length).toBeGreaterThan(0);
    for (const request of requests) {
      const routes = [apache, converted].map((site) => resolveRoute(site, request, probe));
      expect([request.target, firstDifference(routes[0], routes[1])]).toEqual([request.target, undefined]);
    }
  });

  it('agrees with as many recorded answers', () => {
    const { match, mismatches } = playScenario(scenario, readConvertedSite);
    const direct = playScenario(scenario);
    expect(match).toBe(direct.match);
    expect(mismatches.map(({ id, field }) => [id, field])).toEqual(
      direct.mismatches.map(({ id, field }) => [id, field]),
    );
  });
});
