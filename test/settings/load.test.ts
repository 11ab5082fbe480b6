import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { SidecarError } from '../../src/errors.ts';
import { loadSettings, type Settings } from '../../src/settings/load.ts';

const folder = mkdtempSync(join(tmpdir(), 'settings-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

type Given = {
  readonly yaml?: string;
  readonly flags?: Record<string, unknown>;
  readonly environment?: Record<string, string>;
};

function load({ yaml, flags = {}, environment = {} }: Given): Settings {
  if (yaml === undefined) return loadSettings({ flags, environment });
  files += 1;
  const file = join(folder, `s${files}.yaml`);
  writeFileSync(file, yaml);
  return loadSettings({ file, flags, environment });
}

function problemsOf(given: Given): string[] {
  try {
    load(given);
  } catch (error) {
    expect(error).toBeInstanceOf(SidecarError);
    return (error as SidecarError).message.split('\n').map((line) => line.replace(/^.*\/s\d+\.yaml/, 'FILE'));
  }
  return [];
}

describe('loadSettings()', () => {
  it('has a default for everything that needs one', () => {
    const settings = load({});
    expect(settings).toMatchObject({
      modWsgiVersion: '4.9',
      isolation: 'as-configured',
      admin: { listen: { kind: 'tcp', host: '127.0.0.1', port: 9180 } },
      drainTimeout: 30_000,
      maxGroups: 64,
      maxProcesses: 256,
      unknownPort: 'fold',
      expandFromRequest: false,
    });
    expect(settings.apache).toBeUndefined();
  });

  it('reads every key of the file', () => {
    const settings = load({
      yaml: `
apache: apache.conf
defines: [SSL, PORT=8080]
modWsgiVersion: 5
listen:
  - bind: 127.0.0.1:8080
    as: '*:80'
  - {bind: 'unix:/run/x.sock', as: 443, tls: true}
admin: {listen: 'unix:/run/admin.sock', token: secret}
runtimeDir: run
virtualHosts: {www.example.com: {isolation: per-script}}
mounts: {'www.example.com:/shop': {isolation: per-mount}}
identity: {user: X-Remote-User}
groups:
  defaults: {threads: 4, queueTimeout: 500ms}
  shop: {processes: 2, preload: true}
log: {level: debug}
`,
    });
    expect(settings.apache).toBe(join(folder, 'apache.conf'));
    expect(settings.runtimeDir).toBe(join(folder, 'run'));
    expect(settings.modWsgiVersion).toBe('5');
    expect(settings.listen).toEqual([
      { bind: { kind: 'tcp', host: '127.0.0.1', port: 8080 }, as: { host: '', port: 80 }, tls: false },
      { bind: { kind: 'unix', path: '/run/x.sock' }, as: { host: '', port: 443 }, tls: true },
    ]);
    expect(settings.groups).toEqual({
      defaults: { threads: 4, queueTimeout: 500 },
      shop: { processes: 2, preload: true },
    });
    expect(settings.log).toEqual({ level: 'debug', format: 'auto', access: false, query: false });
  });

  it('prefers the flag to the environment, the environment to the file, the file to the default', () => {
    const yaml = 'maxGroups: 3';
    const environment = { WSGI_SIDECAR_MAX_GROUPS: '4' };
    expect(load({ yaml }).maxGroups).toBe(3);
    expect(load({ yaml, environment }).maxGroups).toBe(4);
    expect(load({ yaml, environment, flags: { maxGroups: '5' } }).maxGroups).toBe(5);
  });

  it('takes lists and switches from the environment', () => {
    const environment = {
      WSGI_SIDECAR_TRUSTED_PROXIES: '10.0.0.0/8 unix',
      WSGI_SIDECAR_PRELOAD: 'on',
      WSGI_SIDECAR_LISTEN: '127.0.0.1:8080,as=*:80,tls',
    };
    const settings = load({ environment });
    expect(settings.trustedProxies).toEqual(['10.0.0.0/8', 'unix']);
    expect(settings.preload).toBe(true);
    expect(settings.listen).toEqual([
      { bind: { kind: 'tcp', host: '127.0.0.1', port: 8080 }, as: { host: '', port: 80 }, tls: true },
    ]);
  });

  it('tells every problem at once, each where it stands and with what was wanted', () => {
    const yaml = [
      'maxGroups: many',
      'isolaton: per-script',
      'log:',
      '  levle: info',
      'listen:',
      '  - bind: nowhere',
      'groups:',
      '  shop: {threads: 0, thread: 1}',
      'drainTimeout: soon',
    ].join('\n');
    expect(problemsOf({ yaml })).toEqual([
      'FILE:6:5: Setting "listen.0.bind" is "nowhere": wanted HOST:PORT, *:PORT, unix:/PATH or systemd:NAME',
      'FILE:1:1: Setting "maxGroups" is "many": wanted a whole number of at least 1',
      'FILE:8:10: Setting "groups.shop.threads" is 0: wanted a whole number of at least 1',
      'FILE:8:22: Unknown setting "groups.shop.thread": did you mean "threads"?',
      'FILE:9:1: Setting "drainTimeout" is "soon": wanted a number of seconds or a number with a unit, such as "30s", "500ms" or "5m"',
      'FILE:4:3: Unknown setting "log.levle": did you mean "level"?',
      'FILE:2:1: Unknown setting "isolaton": did you mean "isolation"?',
    ]);
  });

  it.each([
    ['head', 1000, '1024 to 262144'],
    ['requestLine', 0, '256 to 262144'],
    ['headerField', 0, '256 to 262144'],
  ])('refuses a limits.%s that cannot work, and says which can', (key, few, range) => {
    for (const bytes of [few, 2 ** 30]) {
      expect(problemsOf({ yaml: `limits: {${key}: ${bytes}}` })).toEqual([
        `FILE:1:10: Setting "limits.${key}" is ${bytes}: wanted a number of bytes from ${range}`,
      ]);
    }
    expect(problemsOf({ yaml: `limits: {${key}: 256K}` })).toEqual([]);
  });

  it('names the flag or the variable that a wrong value came from', () => {
    expect(problemsOf({ flags: { isolation: 'none' } })).toEqual([
      '--isolation: Setting "isolation" is "none": wanted "as-configured", "per-script" or "per-mount"',
    ]);
    expect(problemsOf({ environment: { WSGI_SIDECAR_MAX_GROUPS: 'x' } })).toEqual([
      'environment variable WSGI_SIDECAR_MAX_GROUPS: Setting "maxGroups" is "x": wanted a whole number of at least 1',
    ]);
  });

  it.each([
    ['an unclosed bracket', 'listen: [1, 2', /^FILE:1:\d+: /],
    ['a key twice', 'maxGroups: 1\nmaxGroups: 2', /^FILE:2:1: Map keys must be unique/],
    ['a text instead of settings', 'just words', /^FILE:1:1: The settings are "just words": wanted settings/],
    ['a list where keys belong', 'log: [a]', /^FILE:1:1: Setting "log" is \["a"\]: /],
  ])('refuses %s with its line and column', (_case, yaml, expected) => {
    expect(problemsOf({ yaml })[0]).toMatch(expected);
  });

  it('says which file it cannot read', () => {
    expect(() => loadSettings({ file: '/nowhere/s.yaml', flags: {}, environment: {} })).toThrow(
      'Cannot read settings file "/nowhere/s.yaml": no such file or directory: check the path given with --config, and its permissions',
    );
  });

  it.each(['0.0.0.0:9180', '*:9180', '10.0.0.1:9180', '[::]:9180', 'admin.example.com:9180'])(
    'keeps the admin side off networks: refuses %s',
    (listen) => {
      expect(problemsOf({ flags: { admin: listen } })[0]).toMatch(
        `--admin: Setting "admin.listen" is "${listen}": wanted a loopback address and a port`,
      );
    },
  );

  it.each(['10.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8', 'unix'])('takes %s for a trusted proxy', (entry) => {
    expect(load({ flags: { trustedProxy: [entry] } }).trustedProxies).toEqual([entry]);
  });

  it.each(['localhost', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '*'])(
    'does not take %s for a trusted proxy',
    (entry) => {
      expect(problemsOf({ flags: { trustedProxy: [entry] } })[0]).toMatch(
        /^--trusted-proxy: .*wanted an address/,
      );
    },
  );

  it('reads an empty file as no settings', () => {
    expect(load({ yaml: '# nothing\n' }).maxGroups).toBe(64);
  });
});
