import { describe, expect, it } from 'vitest';
import { groupId } from '../../src/groups/plan.ts';
import { type PlanContext, planGroup } from '../../src/groups/plan-group.ts';
import { groupKey } from '../../src/routing/group-key.ts';
import type { BuildContext } from '../../src/site/build-context.ts';
import type { ProcessGroup } from '../../src/site/model.ts';
import { parseProcessGroup } from '../../src/site/process-group.ts';

const EMBEDDED = { processGroup: '', applicationGroup: 'www.test|/shop' };
const DAEMON = { processGroup: 'shop', applicationGroup: '' };

/** The model of `WSGIDaemonProcess shop …`, options as Apache's text has them. */
function processGroup(options = ''): ProcessGroup {
  const directive = {
    kind: 'directive',
    name: 'WSGIDaemonProcess',
    key: 'wsgidaemonprocess',
    args: [],
  } as const;
  const position = { file: 'a.conf', line: 1 };
  const parsed = parseProcessGroup({ ...directive, text: `shop ${options}`, position }, undefined, {
    diagnostics: [],
  } as unknown as BuildContext);
  if (parsed === undefined) throw new Error(`Not understood: ${options}`);
  return parsed;
}

function context(more: Partial<PlanContext> = {}): PlanContext {
  return {
    apache: {},
    defaults: {},
    imports: [],
    modWsgiVersion: [4, 9, 4],
    root: true,
    parentEnvironment: {},
    ...more,
  };
}

describe('planGroup()', () => {
  it.each([
    ['prefork', { mpm: 'prefork' }, { processes: 4, threads: 1, multiprocess: true }],
    [
      'prefork with few children',
      { mpm: 'prefork', maxRequestWorkers: 2 },
      { processes: 2, threads: 1, multiprocess: true },
    ],
    ['event', { mpm: 'event' }, { processes: 1, threads: 15, multiprocess: false }],
    [
      'worker with few threads',
      { mpm: 'worker', threadsPerChild: 8 },
      { processes: 1, threads: 8, multiprocess: false },
    ],
    ['an unknown MPM', {}, { processes: 1, threads: 15, multiprocess: false }],
  ] as const)('gives an embedded group the concurrency of %s', (_case, apache, expected) => {
    expect(planGroup(EMBEDDED, context({ apache }))).toMatchObject({ mode: 'embedded', ...expected });
  });

  it.each([
    ['nothing stated', '', { processes: 1, multiprocess: false }],
    ['one process stated', 'processes=1', { processes: 1, multiprocess: true }],
    ['three processes', 'processes=3 threads=2', { processes: 3, threads: 2, multiprocess: true }],
    ['a service script', 'threads=0', { threads: 1 }],
  ])('tells wsgi.multiprocess as mod_wsgi does: %s', (_case, stated, expected) => {
    const plan = planGroup(DAEMON, context({ processGroup: processGroup(stated) }));
    expect(plan).toMatchObject({ mode: 'daemon', ...expected });
  });

  it('believes the group’s own settings, then its process group, then the defaults', () => {
    const stated = processGroup('processes=3 umask=0007 queue-timeout=7 shutdown-timeout=9');
    const defaults = { processes: 8, threads: 8, umask: '0077', queueTimeoutMs: 1, queueLength: 5 };
    const plan = planGroup(DAEMON, context({ processGroup: stated, defaults, overrides: { processes: 2 } }));
    expect(plan).toMatchObject({
      processes: 2,
      threads: 15,
      umask: '0007',
      queueTimeoutMs: 7_000,
      shutdownTimeoutMs: 9_000,
      queueLength: 5,
    });
  });

  it.each([
    ['Apache’s own user', '', { user: 'www-data', group: 'www-data', home: '/' }],
    ['another user, in a group of its own', 'user=shop', { user: 'shop' }],
    ['another user and group', 'user=shop group=staff', { user: 'shop', group: 'staff' }],
    ['Apache’s user by name', 'user=www-data', { user: 'www-data', home: '/' }],
    ['a home', 'user=shop home=/srv/shop', { user: 'shop', home: '/srv/shop' }],
  ])('runs a group as mod_wsgi would: %s', (_case, stated, expected) => {
    const apache = { user: 'www-data', group: 'www-data' };
    const { user, group, home } = planGroup(DAEMON, context({ apache, processGroup: processGroup(stated) }));
    expect({ user, group, home }).toEqual(expected);
  });

  it('ignores users when the sidecar is not root, as mod_wsgi does', () => {
    const stated = processGroup('user=shop group=staff supplementary-groups=audio');
    const plan = planGroup(
      DAEMON,
      context({ apache: { user: 'www-data' }, processGroup: stated, root: false }),
    );
    expect(plan).not.toHaveProperty('user');
    expect(plan).not.toHaveProperty('group');
    expect(plan).not.toHaveProperty('supplementaryGroups');
  });

  it('carries limits, priority and the rest of what the launcher applies', () => {
    const options = [
      'memory-limit=1000000 virtual-memory-limit=0 cpu-time-limit=60 cpu-priority=-5 listen-backlog=20',
      'supplementary-groups=audio,video chroot=/srv/jail display-name=%{GROUP}',
    ];
    const plan = planGroup(DAEMON, context({ processGroup: processGroup(options.join(' ')) }));
    expect(plan).toMatchObject({
      limits: { data: 1_000_000, cpu: 60 },
      nice: -5,
      supplementaryGroups: ['audio', 'video'],
      listenBacklog: 20,
      chroot: '/srv/jail',
      displayName: '(wsgi:shop)',
    });
    expect(plan.limits).not.toHaveProperty('as');
  });

  it('takes the interpreter from python-home, unless the group’s settings name one', () => {
    const stated = processGroup('python-home=/srv/v\u00c3\u00a9nv');
    const apache = { pythonHome: '/usr/local' };
    expect(planGroup(DAEMON, context({ processGroup: stated, apache })).pythonHome).toBe('/srv/vénv');
    expect(planGroup(EMBEDDED, context({ apache })).pythonHome).toBe('/usr/local');
    const own = planGroup(DAEMON, context({ processGroup: stated, overrides: { python: '/opt/python3' } }));
    expect(own).toMatchObject({ python: '/opt/python3' });
    expect(own).not.toHaveProperty('pythonHome');
  });

  it('makes byte strings of settings', () => {
    const plan = planGroup(EMBEDDED, context({ overrides: { home: '/srv/é', pythonPath: ['/srv/ü'] } }));
    expect(plan).toMatchObject({ home: '/srv/\u00c3\u00a9', pythonPath: ['/srv/\u00c3\u00bc'] });
  });

  it('passes on an allow-list of the environment, and what the process group says', () => {
    const parentEnvironment = {
      PATH: '/opt/bin',
      LANG: 'de_DE.UTF-8',
      LC_TIME: 'C',
      TZ: 'UTC',
      HOME: '/root',
      AWS_SECRET: 'x',
      PYTHONPATH: '/evil',
      LD_PRELOAD: '/evil.so',
    };
    const stated = processGroup('lang=C.UTF-8 locale=en_GB.UTF-8 python-eggs=/var/eggs');
    const defaults = { environment: { A: '1', B: '1' } };
    const overrides = { environment: { B: '2' } };
    const plan = planGroup(DAEMON, context({ parentEnvironment, processGroup: stated, defaults, overrides }));
    expect(plan.environment).toEqual({
      PATH: '/opt/bin',
      LANG: 'C.UTF-8',
      LC_ALL: 'en_GB.UTF-8',
      LC_TIME: 'C',
      TZ: 'UTC',
      PYTHON_EGG_CACHE: '/var/eggs',
      A: '1',
      B: '2',
    });
  });
});

describe('groupId()', () => {
  it('is short, plain and one per key, whatever bytes the name holds', () => {
    const ids = ['', 'a', 'A', '\u00ff/../', 'a'.repeat(10_000)].map((applicationGroup) =>
      groupId(groupKey({ processGroup: '', applicationGroup })),
    );
    expect(new Set(ids).size).toBe(5);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{12}$/);
  });
});
