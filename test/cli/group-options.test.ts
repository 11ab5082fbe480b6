/** Every option of a group, from Apache's text, from a group's settings and from the defaults, to the plan. */
import { afterAll, describe, expect, it } from 'vitest';
import type { GroupPlan } from '../../src/groups/plan.ts';
import { loadSettings, type Settings } from '../../src/settings/load.ts';
import { keysAt } from '../../src/settings/schema.ts';
import { createPlanner } from '../../src/sidecar/planner.ts';
import { buildSite } from '../../src/site/build.ts';
import type { Site } from '../../src/site/model.ts';
import { siteOf } from '../support/site-of.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

const folder = makeTemporaryFolder('options-');
afterAll(() => folder.remove());

const identity = { processGroup: 'shop', applicationGroup: '' };

/** Apache's option, the same in `sidecar.yaml`, and what of the plan it changes. */
const OPTIONS: readonly (readonly [option: string, yaml: string, plan: object])[] = [
  ['user=shop', 'user: shop', { user: 'shop' }],
  ['group=staff', 'group: staff', { group: 'staff' }],
  [
    'supplementary-groups=audio,#44',
    "supplementaryGroups: [audio, '#44']",
    { supplementaryGroups: ['audio', '#44'] },
  ],
  ['umask=0027', "umask: '0027'", { umask: '0027' }],
  ['home=/srv/shop', 'home: /srv/shop', { home: '/srv/shop' }],
  ['chroot=/srv/jail', 'chroot: /srv/jail', { chroot: '/srv/jail' }],
  ['lang=de_DE.UTF-8', 'lang: de_DE.UTF-8', { environment: { LANG: 'de_DE.UTF-8' } }],
  ['locale=C.UTF-8', 'locale: C.UTF-8', { locale: 'C.UTF-8', environment: { LC_ALL: 'C.UTF-8' } }],
  ['python-home=/srv/venv', 'pythonHome: /srv/venv', { pythonHome: '/srv/venv' }],
  ['python-path=/srv/a:/srv/b', 'pythonPath: [/srv/a, /srv/b]', { pythonPath: ['/srv/a', '/srv/b'] }],
  ['python-eggs=/var/eggs', 'pythonEggs: /var/eggs', { environment: { PYTHON_EGG_CACHE: '/var/eggs' } }],
  ['maximum-requests=500', 'maximumRequests: 500', { life: { maximumRequests: 500 } }],
  ['inactivity-timeout=60', 'inactivityTimeout: 1m', { life: { inactivityTimeoutMs: 60_000 } }],
  ['request-timeout=40', 'requestTimeout: 40', { life: { requestTimeoutMs: 40_000 } }],
  ['interrupt-timeout=5', 'interruptTimeout: 5s', { life: { interruptTimeoutMs: 5_000 } }],
  ['graceful-timeout=0', 'gracefulTimeout: 0', { life: { gracefulTimeoutMs: 0, evictionTimeoutMs: 0 } }],
  ['eviction-timeout=9', 'evictionTimeout: 9', { life: { evictionTimeoutMs: 9_000 } }],
  ['restart-interval=3600', 'restartInterval: 1h', { life: { restartIntervalMs: 3_600_000 } }],
  ['deadlock-timeout=0', 'deadlockTimeout: 0', { life: { deadlockTimeoutMs: 0 } }],
  ['shutdown-timeout=9', 'shutdownTimeout: 9s', { shutdownTimeoutMs: 9_000 }],
  ['startup-timeout=20', 'startupTimeout: 20', { startupTimeoutMs: 20_000 }],
  ['queue-timeout=7', 'queueTimeout: 7s', { queueTimeoutMs: 7_000 }],
  ['connect-timeout=3', 'connectTimeout: 3s', { connectTimeoutMs: 3_000 }],
  ['socket-timeout=8', 'socketTimeout: 8s', { socketTimeoutMs: 8_000, responseSocketTimeoutMs: 8_000 }],
  ['response-socket-timeout=4', 'responseSocketTimeout: 4s', { responseSocketTimeoutMs: 4_000 }],
  ['cpu-time-limit=90', 'cpuTimeLimit: 90', { limits: { cpu: 90 } }],
  ['cpu-priority=5', 'cpuPriority: 5', { nice: 5 }],
  ['memory-limit=536870912', 'memoryLimit: 512M', { limits: { data: 536_870_912 } }],
  ['virtual-memory-limit=1073741824', 'virtualMemoryLimit: 1G', { limits: { as: 1_073_741_824 } }],
  ['stack-size=524288', 'stackSize: 512K', { stackSizeBytes: 524_288 }],
  ['listen-backlog=20', 'listenBacklog: 20', { listenBacklog: 20 }],
  ['display-name=%{GROUP}', 'displayName: (wsgi:shop)', { displayName: '(wsgi:shop)' }],
  ['script-user=shop', 'scriptUser: shop', { scriptUser: 'shop' }],
  ['script-group=staff', 'scriptGroup: staff', { scriptGroup: 'staff' }],
  ['send-buffer-size=4096', 'sendBufferSize: 4K', { sendBufferSizeBytes: 4_096 }],
  ['receive-buffer-size=4096', 'receiveBufferSize: 4096', { receiveBufferSizeBytes: 4_096 }],
  ['switch-interval=0.002', 'switchInterval: 2ms', { switchIntervalMs: 2 }],
];

/** What `sidecar.yaml` has beyond mod_wsgi. */
const OWN: readonly (readonly [yaml: string, plan: object])[] = [
  ['processes: 3', { processes: 3 }],
  ['threads: 2', { threads: 2 }],
  ['python: python3.9', { python: 'python3.9' }],
  ['environment: {A: b}', { environment: { A: 'b' } }],
  ['runner: waitress', { runner: { kind: 'waitress' } }],
  [
    "command: [serve, '{port}']",
    { runner: { kind: 'command', command: ['serve', '{port}'], listens: 'port' } },
  ],
  ["trustClose: true, command: [serve, '{fd}']", { runner: { listens: 'descriptor', trustClose: true } }],
  ["healthPath: /up, command: [serve, '{socket}']", { runner: { listens: 'socket', healthPath: '/up' } }],
  ['url: http://a:80', { runner: { kind: 'url', urls: ['http://a:80'] }, processes: 1, threads: 256 }],
  ['url: [http://a:80, http://b:80]', { runner: { urls: ['http://a:80', 'http://b:80'] }, processes: 2 }],
  ['healthInterval: 2s, url: http://a:80', { runner: { healthIntervalMs: 2_000 } }],
  ['healthTimeout: 1s, url: http://a:80', { runner: { healthTimeoutMs: 1_000 } }],
  ['healthThreshold: 3, url: http://a:80', { runner: { healthThreshold: 3 } }],
  ['allowRoot: true', { allowRoot: true }],
  ['imports: [/srv/shop/app.wsgi]', { imports: [{ script: '/srv/shop/app.wsgi' }] }],
  ['scriptReloading: false', { scriptReloading: false }],
  ['startTimeout: 2m', { startTimeoutMs: 120_000 }],
  ['drainTimeout: 1m', { drainTimeoutMs: 60_000 }],
  ['queueLength: 5', { queueLength: 5 }],
  ['minProcesses: 2', { life: { minProcesses: 2 } }],
  ['scaleUpAfter: 500ms', { life: { scaleUpAfterMs: 500 } }],
  ['scaleDownAfter: 5m', { life: { scaleDownAfterMs: 300_000 } }],
  ['maximumRequestsJitter: 50', { life: { maximumRequestsJitter: 50 } }],
  ['maxMemory: 512M', { life: { maxMemoryBytes: 536_870_912 } }],
  ['maxMemory: 1000000', { life: { maxMemoryBytes: 1_000_000 } }],
  ['frozenTimeout: 0', { life: { frozenTimeoutMs: 0 } }],
];

/** Keys of which no process knows: `sidecar/client-limits.ts` reads them, and its test. */
const OF_CLIENTS = ['webSockets', 'webSocketTimeout'];

function settings(yaml: string): Settings {
  return loadSettings({ file: folder.write('sidecar.yaml', yaml), flags: {}, environment: {} });
}

function plan(yaml: string, site: Site = buildSite([], {}).site): GroupPlan {
  return createPlanner(settings(yaml), { root: true })(site, identity);
}

describe('createPlanner()', () => {
  it.each(OPTIONS)('honours %s of WSGIDaemonProcess', (option, _yaml, expected) => {
    expect(plan('', siteOf(`WSGIDaemonProcess shop ${option}`))).toMatchObject(expected);
  });

  it.each([...OPTIONS.map(([, ...rest]) => rest), ...OWN])(
    'honours %s of a group and of the defaults',
    (line, expected) => {
      expect(plan(`groups: {shop: {${line}}}`)).toMatchObject(expected);
      if (!/^(?:user|group):/.test(line))
        expect(plan(`groups: {defaults: {${line}}}`)).toMatchObject(expected);
    },
  );

  it('has a line above for every key of a group', () => {
    const tried = [
      ...OPTIONS.map(([, yaml]) => yaml),
      ...OWN.map(([yaml]) => yaml),
      'preload:',
      ...OF_CLIENTS,
    ];
    const keys = new Set(tried.map((line) => line.split(':')[0]));
    expect(keysAt(['groups', 'shop']).filter((key) => !keys.has(key))).toEqual([]);
  });

  it('takes a limit away where 0 is stated over a default', () => {
    const yaml = 'groups: {defaults: {maximumRequests: 9, memoryLimit: 1M}}';
    const { life, limits } = plan(yaml, siteOf('WSGIDaemonProcess shop maximum-requests=0 memory-limit=0'));
    expect(life).not.toHaveProperty('maximumRequests');
    expect(limits).not.toHaveProperty('data');
  });

  it('does not let what Apache leaves unsaid hide the defaults', () => {
    expect(plan('groups: {defaults: {pythonPath: [/srv/lib]}}').pythonPath).toEqual(['/srv/lib']);
  });

  it('takes WSGIPythonPath, WSGIPythonHome and WSGIPythonEggs for groups that name none', () => {
    const site = siteOf(
      'WSGIPythonPath /srv/lib\nWSGIPythonHome /srv/venv\nWSGIPythonEggs /var/eggs\nWSGIDaemonProcess shop',
    );
    expect(plan('', site)).toMatchObject({
      pythonPath: ['/srv/lib'],
      pythonHome: '/srv/venv',
      environment: { PYTHON_EGG_CACHE: '/var/eggs' },
    });
  });

  it('reads numbers as mod_wsgi does, by atoi', () => {
    const site = siteOf('WSGIDaemonProcess shop request-timeout=40s maximum-requests=many');
    const { life } = plan('', site);
    expect(life).toMatchObject({ requestTimeoutMs: 40_000 });
    expect(life).not.toHaveProperty('maximumRequests');
  });
});

describe('loadSettings()', () => {
  it.each([
    ['maximumRequest: 5', 'Unknown setting "groups.shop.maximumRequest": did you mean "maximumRequests"?'],
    [
      'maximum-requests: 5',
      'Unknown setting "groups.shop.maximum-requests": did you mean "maximumRequests"?',
    ],
    [
      'socketUser: www-data',
      'Setting "groups.shop.socketUser" is not carried over from mod_wsgi: the socket of a group process',
    ],
    ['maxMemory: lots', 'Setting "groups.shop.maxMemory" is "lots": wanted a number of bytes'],
    ['requestTimeout: never', 'Setting "groups.shop.requestTimeout" is "never": wanted a number of seconds'],
    ['imports: /srv/a.wsgi', 'Setting "groups.shop.imports" is "/srv/a.wsgi": wanted a list of scripts'],
  ])('refuses %s and says what was wanted', (line, message) => {
    expect(() => settings(`groups: {shop: {${line}}}`)).toThrow(message);
  });
});
