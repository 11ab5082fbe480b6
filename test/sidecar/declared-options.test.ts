import { describe, expect, it } from 'vitest';
import { renderDiagnostic } from '../../src/apache/diagnostic.ts';
import { OPTION_NAMES } from '../../src/groups/daemon-options.ts';
import { NOT_CARRIED } from '../../src/settings/not-carried.ts';
import { judgeOptions } from '../../src/sidecar/declared-options.ts';
import { siteOf } from '../support/site-of.ts';

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

  it('takes every number that mod_wsgi reads whole for what it is', () => {
    expect(findings('cpu-priority=-5 switch-interval=0.005 maximum-requests=100')).toEqual([]);
  });

  it('lets 0 stand for the system’s buffers', () => {
    expect(findings('send-buffer-size=0 receive-buffer-size=0')).toEqual([]);
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
