import { afterAll, describe, expect, it } from 'vitest';
import { renderDiagnostic } from '../../src/apache/diagnostic.ts';
import { OPTION_NAMES } from '../../src/groups/daemon-options.ts';
import { NOT_CARRIED } from '../../src/settings/not-carried.ts';
import { judgeOptions } from '../../src/sidecar/declared-options.ts';
import { isJudgeMissing, refusedOf, startedWith } from '../apache/start-judge.ts';
import { siteOf } from '../support/site-of.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

function findings(options: string): string[] {
  const site = siteOf(`# first line\nWSGIDaemonProcess shop ${options}`);
  return judgeOptions(site.processGroups.values()).map(renderDiagnostic);
}

describe('judgeOptions()', () => {
  it('has nothing to say of options that are honoured', () => {
    expect(
      findings('processes=2 threads=15 user=shop umask=0022 stack-size=524288 deadlock-timeout=0'),
    ).toEqual([]);
  });

  it('says where an option has no effect, why, and how grave that is', () => {
    expect(findings('socket-user=www-data newrelic-config-file=/etc/nr.ini')).toEqual([
      '/etc/apache2/test.conf:2: info: WSGIDaemonProcess: Option "socket-user" of process group "shop" has no effect here: Not carried over: the socket of a group process lies in a folder that only the user of the sidecar may enter',
      '/etc/apache2/test.conf:2: warning: WSGIDaemonProcess: Option "newrelic-config-file" of process group "shop" has no effect here: Not carried over: no agent is started; initialise it in the script: newrelic.agent.initialize(FILE, ENVIRONMENT)',
    ]);
  });

  it.each([
    [
      'reqest-timeout=9',
      /error: .*"reqest-timeout" that mod_wsgi does not know: .*Did you mean "request-timeout"\?/,
    ],
    ['nothing-like-it-at-all=9', /error: .*"nothing-like-it-at-all".*Correct or remove it/],
    ['processes=0', /error: .*"processes" .* is "0": .*at least 1/],
    ['stack-size=0', /error: .*"stack-size" .*at least 1/],
    ['graceful-timeout=-1', /error: .*"graceful-timeout" .*at least 0/],
    ['send-buffer-size=100', /error: .*"send-buffer-size" .*at least 512/],
    ['response-buffer-size=100', /error: .*"response-buffer-size" .*at least 65536/],
    ['umask=0999', /error: .*"umask" .* is "0999": .*Wanted an octal number, such as 0022/],
    ['home=srv', /error: .*"home" .* is "srv": .*Wanted an absolute path/],
    ['chroot=jail', /error: .*"chroot" .*Wanted an absolute path/],
    ['user=root', /error: .*"user" .* is "root": .*Name another user/],
    ['user=#0', /error: .*"user" .* is "#0": .*Name another user/],
    ['script-user=a script-group=b', /error: .*both "script-user" and "script-group"/],
  ])('refuses %s, as mod_wsgi does', (options, expected) => {
    const [first, ...more] = findings(options);
    expect(first).toMatch(expected);
    expect(more).toEqual([]);
  });

  it.each([
    ['request-timeout=5m', /"request-timeout" .* is "5m", of which mod_wsgi reads 5: .*in seconds/],
    ['memory-limit=800M', /"memory-limit" .* is "800M", of which mod_wsgi reads 800: .*in bytes/],
    ['threads=many', /"threads" .* is "many", of which mod_wsgi reads 0: .*in digits/],
    ['cpu-priority=low', /"cpu-priority" .* is "low", of which mod_wsgi reads 0/],
  ])('tells what is read of %s', (options, expected) => {
    expect(findings(options)).toEqual([expect.stringMatching(/^[^ ]+ warning: WSGIDaemonProcess: /)]);
    expect(findings(options)[0]).toMatch(expected);
  });

  it('says which value of an option that stands twice counts', () => {
    expect(findings('threads=2 threads=3 home=/a threads=4 home=/b')).toEqual([
      expect.stringMatching(/warning: .*"threads" .* is "2", and "4" behind it, which counts/),
      expect.stringMatching(/warning: .*"threads" .* is "3", and "4" behind it, which counts/),
      expect.stringMatching(/warning: .*"home" .* is "\/a", and "\/b" behind it, which counts/),
    ]);
  });

  it('takes every number that mod_wsgi reads whole for what it is', () => {
    expect(findings('cpu-priority=-5 switch-interval=0.005 maximum-requests=100')).toEqual([]);
  });

  it('lets 0 stand for the system’s buffers', () => {
    expect(findings('send-buffer-size=0 receive-buffer-size=0')).toEqual([]);
  });
});

/** Values that mod_wsgi 4.9 refuses, a line for every option that has any. */
const REFUSED: readonly string[] = [
  'processes=0',
  'processes=-1',
  'processes=4294967296',
  'processes=',
  'threads=-1',
  'threads=65534',
  'maximum-requests=-1',
  'listen-backlog=-1',
  'cpu-priority=',
  'stack-size=0',
  'stack-size=abc',
  'send-buffer-size=511',
  'receive-buffer-size=-1',
  'header-buffer-size=8191',
  'response-buffer-size=1k',
  'memory-limit=-1',
  'virtual-memory-limit=',
  ...'cpu-time-limit restart-interval startup-timeout shutdown-timeout deadlock-timeout inactivity-timeout request-timeout graceful-timeout eviction-timeout connect-timeout socket-timeout response-socket-timeout queue-timeout'
    .split(' ')
    .flatMap((option) => [`${option}=-1`, `${option}=`]),
  'request-timeout=2147483648',
  'server-metrics=maybe',
  'server-metrics=',
  'umask=0x2',
  'umask=-1',
  'umask=',
  'umask=9',
  'umask=77777777777777777777777',
  'user=',
  'user=root',
  'group=',
  'home=',
  'home=srv',
  'chroot=srv',
  'socket-user=',
  'script-user=',
  'script-group=',
  'reqest-timeout=1',
  'processes=2 processes=x',
  'processes=x processes=2',
  'home=srv home=/srv',
  'umask=9 umask=022',
];

/** Values that it takes. */
const TAKEN: readonly string[] = [
  'processes=4294967297',
  'processes=2x',
  'threads=0',
  'threads=many',
  'threads=65533',
  'cpu-priority=-5',
  'cpu-priority=low',
  'send-buffer-size=none',
  'header-buffer-size=0',
  'memory-limit=99999999999999999999',
  'request-timeout=5m',
  'umask=+22',
  'umask=0',
  'server-metrics=oN',
  'lang= locale= display-name= python-home= python-path= python-eggs= supplementary-groups=',
  'newrelic-config-file= newrelic-environment=',
  'processes=3 processes=2 threads=2 threads=3 home=/a home=/b',
  'script-user=www-data script-user=daemon',
];

describe('problemOf()', { timeout: 120_000 }, () => {
  const folder = makeTemporaryFolder('wsgi-sidecar-options-');
  afterAll(() => folder.remove());
  const line = (options: string, index: number): string => `WSGIDaemonProcess shop${index} ${options}`;
  const errors = (options: string): string[] =>
    findings(options).filter((text) => /^[^ ]+ error: /.test(text));

  it.each(REFUSED)('refuses %s', (options) => {
    expect(errors(options)).toHaveLength(1);
  });

  it.each(TAKEN)('takes %s', (options) => {
    expect(errors(options)).toEqual([]);
  });

  it.skipIf(isJudgeMissing())('agrees with the real mod_wsgi', async () => {
    expect(await startedWith(folder, REFUSED.map(line))).toEqual([]);
    expect(await refusedOf(folder, TAKEN.map(line))).toEqual([]);
  });

  it('refuses of later options what mod_wsgi 6 refuses', () => {
    const refused = [
      'switch-interval=0',
      'switch-interval=fast',
      'interrupt-timeout=-1',
      'response-flush-delay=-1',
    ];
    expect(refused.flatMap(errors)).toHaveLength(refused.length);
    expect(errors('switch-interval=5e-3 interrupt-timeout=0 response-flush-delay=0')).toEqual([]);
  });

  it('leaves the site with what mod_wsgi reads', () => {
    const group = siteOf('WSGIDaemonProcess shop processes=2x threads=4294967299').processGroups.get('shop');
    expect(group).toMatchObject({ processes: 2, threads: 3 });
    const line = 'WSGIDaemonProcess shop processes=3 processes=2 threads=2 threads=3 home=/a home=/b';
    expect(siteOf(line).processGroups.get('shop')).toMatchObject({ processes: 2, threads: 3, home: '/b' });
  });
});

describe('OPTION_NAMES', () => {
  it('is parted from what is not carried over', () => {
    const keys = OPTION_NAMES.map((name) =>
      name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    );
    expect(keys.filter((key) => key in NOT_CARRIED)).toEqual([]);
    expect(new Set(keys).size).toBe(keys.length);
  });
});
