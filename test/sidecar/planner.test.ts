import { describe, expect, it } from 'vitest';
import { groupId } from '../../src/groups/plan.ts';
import { groupKey } from '../../src/routing/group-key.ts';
import { createPlanner, type PlannerSettings, settingsFor } from '../../src/sidecar/planner.ts';
import { buildSite } from '../../src/site/build.ts';

const identity = { processGroup: 'shop', applicationGroup: '' };
const id = groupId(groupKey(identity));

const SETTINGS: PlannerSettings = {
  groups: {},
  python: 'python3',
  modWsgiVersion: '4.9',
  drainTimeout: 5000,
};

function plan(settings: Partial<PlannerSettings>, environment: Record<string, string> = {}) {
  const { site } = buildSite([], { environment });
  return createPlanner({ ...SETTINGS, ...settings }, { root: false })(site, identity);
}

describe('settingsFor()', () => {
  it('is nothing for a group that no key names', () => {
    expect(settingsFor({ blog: { threads: 1 }, defaults: { threads: 2 } }, identity)).toEqual({});
  });

  it('prefers the id to the application group, and that to the process group', () => {
    const groups = {
      [id]: { threads: 3 },
      '%{GLOBAL}': { threads: 2, processes: 2 },
      shop: { threads: 1, processes: 1, python: 'python3.9' },
    };
    expect(settingsFor(groups, identity)).toEqual({ threads: 3, processes: 2, python: 'python3.9' });
  });

  it('does not take the defaults for a group of that name', () => {
    const named = { processGroup: 'defaults', applicationGroup: '' };
    expect(settingsFor({ defaults: { threads: 2 } }, named)).toEqual({});
  });
});

describe('createPlanner()', () => {
  it('hands durations on in milliseconds, the group before the defaults before the sidecar', () => {
    const groups = { defaults: { queueTimeout: 1000, shutdownTimeout: 2000 }, shop: { queueTimeout: 3000 } };
    expect(plan({ groups })).toMatchObject({
      queueTimeoutMs: 3000,
      shutdownTimeoutMs: 2000,
      drainTimeoutMs: 5000,
    });
  });

  it.each([
    ['4.9', [4, 9, 4]],
    ['5', [5, 0, 2]],
    ['6', [6, 0, 5]],
  ] as const)('names a release of mod_wsgi %s', (modWsgiVersion, version) => {
    expect(plan({ modWsgiVersion }).modWsgiVersion).toEqual(version);
  });

  it("gives Apache's environment, not the sidecar's, and the encodings of an interpreter inside Apache", () => {
    const { environment } = plan({}, { LANG: 'C', SECRET: 'x' });
    expect(environment).toMatchObject({ LANG: 'C', PYTHONCOERCECLOCALE: '0', PYTHONUTF8: '0' });
    expect(environment.SECRET).toBeUndefined();
  });

  it('lets the settings have the last word on the environment', () => {
    const groups = {
      defaults: { environment: { PYTHONUTF8: '1', A: '1' } },
      shop: { environment: { A: '2' } },
    };
    expect(plan({ groups }).environment).toMatchObject({ PYTHONUTF8: '1', A: '2' });
  });
});
