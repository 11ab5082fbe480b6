import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/cli/exit-code.ts';
import { firstDifference } from '../../src/cli/same-site.ts';
import { type Told, tellCli } from '../support/cli.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

const { path: folder, write, remove } = makeTemporaryFolder();
afterAll(remove);

const tell = (...args: string[]): Promise<Told> => tellCli(args);

const APACHE = write(
  'apache.conf',
  `LoadModule mpm_event_module m.so
LoadModule wsgi_module m.so
Listen 127.0.0.1:18080
WSGIDaemonProcess shop processes=2 threads=3
<VirtualHost *:18080>
    ServerName www.example.com
    WSGIApplicationGroup %{SERVER}
    WSGIScriptAlias /a ${folder}/a.wsgi
    WSGIScriptAlias /c ${folder}/a.wsgi process-group=shop application-group=%{GLOBAL}
    Header set X-Frame-Options DENY
    ErrorLog /var/log/error.log
</VirtualHost>
`,
);
write('a.wsgi', 'def application(environ, start_response): pass\n');

/** What a command says about places is told apart from what it says. */
function withoutPlaces(text: string): string {
  return text.replace(/\S*(?:apache\.conf|\.yaml):\d+/g, 'FILE:N').replace(/ +/g, ' ');
}

function withoutCounts(text: string): string {
  return text.replace(/^\d+ errors?, .*$/m, '');
}

describe('convert', () => {
  it('prints the settings file, and says what is lost on standard error', async () => {
    const { code, out, err } = await tell('convert', APACHE);
    expect(code).toBe(EXIT.ok);
    expect(out).toContain('serverName: www.example.com # line 6');
    expect(out).toContain('X-Frame-Options DENY');
    expect(err).toContain(`${APACHE}:10: Header: not carried over: Answers are passed on`);
    expect(err).toContain('1 to decide about, 1 without effect on requests');
    expect(err).toContain('Checked: the result means the same');
  });

  it('writes a file that only its owner reads, and does not write over one', async () => {
    const output = join(folder, 'written.yaml');
    expect(await tell('convert', APACHE, '--output', output)).toMatchObject({ code: EXIT.ok, out: '' });
    expect(statSync(output).mode & 0o777).toBe(0o600);
    const first = readFileSync(output, 'utf8');
    writeFileSync(output, `${first}# mine\n`);
    const again = await tell('convert', APACHE, '--output', output);
    expect(again.code).toBe(EXIT.place);
    expect(again.err).toContain('it exists');
    expect(readFileSync(output, 'utf8')).toContain('# mine');
    await tell('convert', APACHE, '--output', output, '--force');
    expect(readFileSync(output, 'utf8')).toBe(first);
  });

  it('tells a file that cannot be written from a configuration that cannot be read', async () => {
    const output = join(folder, 'missing', 'written.yaml');
    const { code, err } = await tell('convert', APACHE, '--output', output);
    expect(code).toBe(EXIT.place);
    expect(err).toContain(`Cannot write "${output}": no such file or directory: name another file`);
  });

  it('tells programs what is left out, and why it matters', async () => {
    const { out } = await tell('convert', APACHE, '--json');
    const { isEqual, leftOut, text } = JSON.parse(out) as Record<string, unknown>;
    expect(isEqual).toBe(true);
    expect(text).toContain('virtualHosts');
    expect(leftOut).toEqual([
      {
        file: APACHE,
        line: 10,
        directive: 'Header',
        text: 'set X-Frame-Options DENY',
        weight: 'loss',
        consequence: expect.stringContaining('set headers'),
      },
      expect.objectContaining({ line: 11, directive: 'ErrorLog', weight: 'note' }),
    ]);
  });

  it('writes nothing of a configuration that Apache would refuse', async () => {
    const broken = write('broken.conf', '<VirtualHost *:80>\n');
    const output = join(folder, 'broken.yaml');
    const { code, err } = await tell('convert', broken, '--output', output);
    expect(code).toBe(EXIT.configuration);
    expect(err).toContain(`${broken}:1: `);
    expect(existsSync(output)).toBe(false);
  });

  it('asks for a configuration when none is named', async () => {
    expect(await tell('convert')).toMatchObject({ code: EXIT.configuration, out: '' });
  });
});

describe('the commands on what convert wrote', () => {
  it.each([['check', '--no-fail'], ['groups'], ['explain', 'http://www.example.com:18080/c/x']])(
    '%s says the same as on the configuration itself',
    async (...words) => {
      const config = join(folder, 'sidecar.yaml');
      await tell('convert', APACHE, '--output', config, '--force');
      const [apache, converted] = [
        await tell(...words, '--apache', APACHE),
        await tell(...words, '--config', config),
      ];
      expect(apache.code).toBe(EXIT.ok);
      expect(converted.code).toBe(apache.code);
      // What is not carried over is a finding only where it still stands.
      const said = withoutPlaces(apache.out).replace(/^.*Header: .*\n/gm, '');
      expect(withoutCounts(withoutPlaces(converted.out))).toBe(withoutCounts(said));
    },
  );

  it('name lines of the settings file', async () => {
    const config = join(folder, 'lines.yaml');
    await tell('convert', APACHE, '--output', config);
    const line =
      readFileSync(config, 'utf8')
        .split('\n')
        .findIndex((text) => text.includes('path: /c')) + 1;
    const { out } = await tell('explain', 'http://www.example.com:18080/c', '--config', config);
    expect(out).toContain(`${config}:${line}`);
  });
});

describe('sites', () => {
  it('tells all that is wrong at once, with the nearest known key', async () => {
    const config = write(
      'wrong.yaml',
      `unknownPrt: fold
sites:
  mainServer:
    listn: [80]
    tls: perhaps
  virtualHosts:
    - serverName: a
    - addresses: ['*:80']
      mounts:
        - {path: /a, skript: /a.wsgi}
      processGroups:
        shop: {proceses: 2}
      directories:
        - path: /srv
          documentRoot: /srv
          handlers: 5
      directives: ['<If true>', 'Include other.conf']
`,
    );
    const { code, err } = await tell('check', '--config', config);
    expect(code).toBe(EXIT.configuration);
    const told = err.replaceAll(`wsgi-sidecar: ${config}:`, '').trim().split('\n');
    expect(told).toEqual([
      '1:1: Unknown setting "unknownPrt": did you mean "unknownPort"?',
      '4:5: Unknown setting "sites.mainServer.listn": did you mean "listen"?',
      '5:5: Setting "sites.mainServer.tls" is "perhaps": wanted true or false',
      '7:7: Setting "sites.virtualHosts.0.addresses" is missing',
      '10:22: Unknown setting "sites.virtualHosts.1.mounts.0.skript": did you mean "script"?',
      '10:11: Setting "sites.virtualHosts.1.mounts.0.script" is missing',
      '12:16: Unknown setting "sites.virtualHosts.1.processGroups.shop.proceses": did you mean "processes"?',
      expect.stringContaining(
        '15:11: Unknown setting "sites.virtualHosts.1.directories.0.documentRoot": see "sites" in MANUAL.md',
      ),
      '16:11: Setting "sites.virtualHosts.1.directories.0.handlers" is 5: wanted "key: value" lines',
      expect.stringContaining(
        '17:20: Setting "sites.virtualHosts.1.directives.0" is "<If true>": wanted one directive',
      ),
      expect.stringContaining('17:33: Setting "sites.virtualHosts.1.directives.1" is "Include other.conf"'),
    ]);
  });

  it('stands in the place of "apache", not beside it', async () => {
    const config = write('both.yaml', `apache: ${APACHE}\nsites: {mainServer: {listen: [80]}}\n`);
    const { code, err } = await tell('check', '--config', config);
    expect(code).toBe(EXIT.configuration);
    expect(err).toContain(`${config}:1:1: Setting "apache" is given, and ${config}:2:1 has "sites"`);
  });
});

describe('firstDifference()', () => {
  const site = {
    mounts: [{ id: 'a', mountPoint: '/a', position: { file: 'a', line: 1 } }],
    pattern: /a/,
    names: new Map([['x', 1]]),
  };

  it('sees no difference in places', () => {
    const other = { ...site, mounts: [{ id: 'a', mountPoint: '/a', position: { file: 'b', line: 2 } }] };
    expect(firstDifference(site, other)).toBeUndefined();
  });

  it.each([
    ['/mounts/a/mountPoint', { ...site, mounts: [{ id: 'a', mountPoint: '/b' }] }],
    ['/mounts/a', { ...site, mounts: [] }],
    ['/pattern', { ...site, pattern: /b/ }],
    ['/names/x', { ...site, names: new Map([['x', 2]]) }],
    [
      '/names/y',
      {
        ...site,
        names: new Map([
          ['x', 1],
          ['y', 1],
        ]),
      },
    ],
    ['/more', { ...site, more: false }],
  ])('finds %s', (path, other) => {
    expect(firstDifference(site, other)).toBe(path);
  });
});
