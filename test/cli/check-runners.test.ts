import { describe, expect, it } from 'vitest';
import { checkRunners } from '../../src/cli/check-runners.ts';
import type { GroupPlan } from '../../src/groups/plan.ts';
import { loadSettings } from '../../src/settings/load.ts';
import { createPlanner } from '../../src/sidecar/planner.ts';
import { siteOf } from '../support/site-of.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

function planOf(group: object, options = ''): GroupPlan {
  const folder = makeTemporaryFolder();
  const file = folder.write(
    'sidecar.yaml',
    JSON.stringify({ python: '/usr/bin/python3', groups: { shop: group } }),
  );
  const settings = loadSettings({ file, flags: {}, environment: {} });
  folder.remove();
  const identity = { processGroup: 'shop', applicationGroup: '' };
  return createPlanner(settings, { root: false })(siteOf(`WSGIDaemonProcess shop ${options}`), identity);
}

const ids = (plan: GroupPlan, searchPath = '/usr/bin'): readonly string[] =>
  checkRunners([plan], searchPath).map(({ id }) => id);

describe('checkRunners()', () => {
  it.each([
    ['a server that its interpreter has not', { runner: 'waitress', python: '/bin/false' }],
    ['uWSGI where it is not', { runner: 'uwsgi' }],
    ['a program that is not there', { command: ['/nonexistent/server', '{fd}'] }],
  ])('finds %s', (_, group) => {
    expect(ids(planOf(group), '/nonexistent')).toEqual(['runner-missing']);
  });

  it.each([
    ['the built-in worker', {}],
    ['a program that is there', { command: ['/bin/sh', '{fd}'] }],
    ['servers elsewhere', { url: 'http://127.0.0.1:9' }],
  ])('finds nothing missing for %s', (_, group) => {
    expect(ids(planOf(group))).toEqual([]);
  });

  it('names the options that a runner does not carry over', () => {
    const plan = planOf(
      { command: ['/bin/sh', '{fd}'] },
      'script-user=www python-path=/srv maximum-requests=5',
    );
    const [finding] = checkRunners([plan], '/usr/bin');
    expect(finding).toMatchObject({ id: 'runner-option', severity: 'warning' });
    expect(finding?.message).toMatch(/under "command": script-user, python-path$/);
    expect(ids(planOf({}, 'script-user=www'))).toEqual([]);
  });
});
