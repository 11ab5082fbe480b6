import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/cli/exit-code.ts';
import { type Told, tellCli } from '../support/cli.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

const { path: folder, write, remove } = makeTemporaryFolder();
afterAll(remove);

const tell = (...args: string[]): Promise<Told> => tellCli(args);

const MODULES = `LoadModule mpm_event_module m.so
LoadModule wsgi_module m.so
LoadModule authz_core_module m.so
LoadModule authn_core_module m.so
LoadModule authz_user_module m.so
`;

const SITE = write(
  'site.conf',
  `${MODULES}Listen 127.0.0.1:18080
WSGIDaemonProcess shop processes=2 threads=3
<VirtualHost *:18080>
    ServerName www.example.com
    WSGIApplicationGroup %{SERVER}
    WSGIScriptAlias /a ${folder}/a.wsgi
    WSGIScriptAlias /b ${folder}/gone.wsgi
    WSGIScriptAlias /c ${folder}/a.wsgi process-group=shop application-group=%{GLOBAL}
</VirtualHost>
`,
);
write('a.wsgi', 'def application(environ, start_response): pass\n');

describe('check', () => {
  it('says of a configuration without applications that there is nothing to serve', async () => {
    const file = write('empty.conf', `${MODULES}Listen 18080\nServerName a.test\n`);
    const { code, out } = await tell('check', '--apache', file);
    expect(out).toContain('Nothing in this configuration leads to a WSGI application');
    expect(code).toBe(EXIT.ok);
    expect((await tell('check', '--apache', SITE)).out).not.toContain('Nothing in this configuration');
  });
});

describe('check, of a script alias', () => {
  it('names the option that was meant', async () => {
    const file = write(
      'option.conf',
      `${MODULES}Listen 18080\nServerName a.test\nWSGIScriptAlias /b /srv/b.wsgi proces-group=a\n`,
    );
    expect((await tell('check', '--apache', file)).out).toContain(
      '"proces-group" is no option of a script alias: Did you mean "process-group"?',
    );
  });
});

describe('check, of rules about access', () => {
  it('names the word that Apache does not start with, and takes it for no rule of a front', async () => {
    const site = `${MODULES}Listen 18080\nServerName a.test\nWSGIScriptAlias /b /srv/b.wsgi\n`;
    const file = write(
      'words.conf',
      `${site}<Location /b>\nRequire all grantd\nRequire ip 300.1.1.1\n</Location>\n`,
    );
    const { code, out } = await tell('check', '--apache', file);
    expect(code).toBe(EXIT.failed);
    expect(out).toContain(
      `${file}:10: error: Require: "grantd" is not "granted" or "denied": Write one of them`,
    );
    expect(out).toContain(`${file}:11: error: Require: "300.1.1.1" is no address`);
    expect(out).not.toContain('Access is protected');
    expect(out).not.toContain('access is protected');
  });
});

describe('runCli()', () => {
  it('tells its version and its help, and ends well', async () => {
    expect(await tell('--version')).toMatchObject({ code: EXIT.ok, out: '1.2.3\n' });
    const { code, out } = await tell('run', '--help');
    expect(code).toBe(EXIT.ok);
    expect(out).toContain('--drain-timeout <duration>');
  });

  it.each([
    ['an unknown command', ['chek'], 'Did you mean check?'],
    ['an unknown flag', ['check', '--apach', 'x'], 'Did you mean --apache?'],
    ['a URL that is none', ['explain', 'nonsense'], 'Wanted http://HOST/PATH'],
  ])('refuses %s and helps', async (_case, args, help) => {
    const { code, err } = await tell(...args);
    expect(code).toBe(EXIT.usage);
    expect(err).toContain(help);
  });

  it.each([
    ['run', []],
    ['check', []],
    ['explain', ['http://x/']],
  ])('%s names what to give when no configuration is named', async (command, more) => {
    const { code, err } = await tell(command, ...more);
    expect(code).toBe(EXIT.configuration);
    expect(err).toMatch(/^wsgi-sidecar: No configuration is named: .*--apache FILE/);
  });

  it('tells a syntax error with file and line, and no stack', async () => {
    const file = write('broken.conf', 'Listen 80\n<VirtualHost *:80>\n');
    for (const command of ['run', 'groups']) {
      const { code, err } = await tell(command, '--apache', file);
      expect(code).toBe(EXIT.configuration);
      expect(err).toContain(`${file}:2:`);
      expect(err).not.toMatch(/^\s+at /m);
    }
  });

  it('shows the stack with --debug', async () => {
    const { err } = await tell('run', '--debug', '--apache', '/nonexistent/x.conf');
    expect(err).toMatch(/^\s+at /m);
  });

  it('names the port that is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const { code, err } = await tell(
      'run',
      '--apache',
      SITE,
      '--admin',
      `127.0.0.1:${port}`,
      '--log-level',
      'silent',
    );
    server.close();
    expect(code).toBe(EXIT.place);
    expect(err).toContain(`Cannot listen on "127.0.0.1:${port}": it is taken`);
  });

  it('names the socket folder that cannot be made', async () => {
    const runtimeDir = join(SITE, 'run');
    const flags = [
      '--runtime-dir',
      runtimeDir,
      '--admin',
      `unix:${folder}/admin.sock`,
      '--log-level',
      'silent',
    ];
    const { code, err } = await tell('run', '--apache', SITE, ...flags);
    expect(code).toBe(EXIT.place);
    expect(err).toContain(`Runtime folder "${runtimeDir}"`);
  });
});

describe('check', () => {
  it('finds the script that is missing, the scripts that share a process and the setting that parts them', async () => {
    const { out } = await tell('check', '--apache', SITE);
    expect(out).toMatch(
      new RegExp(
        `^${SITE}:12: warning: WSGIScriptAlias: Script "${folder}/gone.wsgi" of "/b" does not exist`,
        'm',
      ),
    );
    expect(out).toMatch(
      /Group "www.example.com" of process group "%\{GLOBAL\}" runs 2 scripts in one process/,
    );
    expect(out).toContain('isolation: per-script');
    expect(out).toContain('processes × threads of 1 × 15');
  });

  it('has nothing to part where every script has its process', async () => {
    const { out } = await tell('check', '--apache', SITE, '--isolation', 'per-script');
    expect(out).not.toContain('in one process');
  });

  it('ends with 1 for an error, and with 0 when told so', async () => {
    const python = '/nonexistent/python3';
    const { code, out } = await tell('check', '--apache', SITE, '--python', python);
    expect(code).toBe(EXIT.failed);
    expect(out).toMatch(/^error: Python "\/nonexistent\/python3" of group .* does not exist: Install it/m);
    expect((await tell('check', '--apache', SITE, '--python', python, '--no-fail')).code).toBe(EXIT.ok);
  });

  it('tells an interpreter that does not run from one that is missing', async () => {
    const { out } = await tell('check', '--apache', SITE, '--python', '/bin/false');
    expect(out).toMatch(/Python "\/bin\/false" .* cannot be run by .*: it ended with 1/);
  });

  describe('of a mount that Apache protects', () => {
    const locked = write(
      'locked.conf',
      `${MODULES}Listen 127.0.0.1:18080
WSGIScriptAlias /a ${folder}/a.wsgi
<Location /a>
    Require valid-user
</Location>
`,
    );
    const check = (...flags: string[]): Promise<Told> => tell('check', '--apache', locked, ...flags);

    it('is an error while nobody sees to it', async () => {
      expect((await check()).out).toMatch(new RegExp(`^${locked}:9: error: Require: `, 'm'));
    });

    it('is told of where a front or the legacy Apache does', async () => {
      const front = await check('--access-control', 'front', '--trusted-proxy', 'unix');
      expect(front.out).toMatch(new RegExp(`^${locked}:9: info: Require: .*trustedProxies`, 'm'));
      const legacy = await check('--legacy', 'http://127.0.0.1:8081');
      expect(legacy.out).toMatch(new RegExp(`^${locked}:9: info: Require: .*http://127.0.0.1:8081`, 'm'));
    });

    it('stays an error behind a front that nobody is', async () => {
      const { out } = await check('--access-control', 'front');
      expect(out).toMatch(new RegExp(`^${locked}:9: error: Require: `, 'm'));
      expect(out).toMatch(/^error: The settings have "accessControl: front" without trustedProxies/m);
    });
  });

  it('prints findings as JSON', async () => {
    const { out } = await tell('check', '--apache', SITE, '--json');
    const { diagnostics } = JSON.parse(out) as { diagnostics: { id: string }[] };
    expect(diagnostics).toContainEqual(
      expect.objectContaining({ id: 'script-missing', file: SITE, line: 12 }),
    );
  });
});

describe('groups', () => {
  it('shows each group with its mounts and scripts', async () => {
    const admin = `unix:${folder}/nobody.sock`;
    const { code, out, err } = await tell('groups', '--apache', SITE, '--admin', admin);
    expect(code).toBe(EXIT.ok);
    expect(err).toContain(`No sidecar answers on "${admin}"`);
    const rows = out.split('\n').map((line) => line.split(/ {2,}/));
    expect(rows[0]).toEqual(['GROUP', 'PROCESS GROUP', 'MOUNTS', 'SCRIPTS']);
    expect(rows).toContainEqual([
      'www.example.com',
      '%{GLOBAL}',
      'www.example.com:/a www.example.com:/b',
      `${folder}/a.wsgi ${folder}/gone.wsgi`,
    ]);
    expect(rows).toContainEqual(['%{GLOBAL}', 'shop', 'www.example.com:/c', `${folder}/a.wsgi`]);
    expect(out).toContain('Groups that only requests make are not shown: "wsgi-sidecar groups --live"');
  });

  it('names the script that parts a group', async () => {
    const { out } = await tell('groups', '--apache', SITE, '--isolation', 'per-script', '--json');
    const { groups } = JSON.parse(out) as { groups: { part?: string; applicationGroup: string }[] };
    const parts = groups.filter(({ applicationGroup }) => applicationGroup === 'www.example.com');
    expect(parts.map(({ part }) => part)).toEqual([`${folder}/a.wsgi`, `${folder}/gone.wsgi`]);
  });
});

describe('explain', () => {
  it('leads from the URL to the group, and says why', async () => {
    const { code, out } = await tell('explain', '--apache', SITE, 'http://www.example.com:18080/a/more?x=1');
    expect(code).toBe(EXIT.ok);
    expect(out).toMatch(/^ {2}mount +www.example.com:\/a$/m);
    expect(out).toMatch(/^ {2}SCRIPT_NAME +"\/a"$/m);
    expect(out).toMatch(/^ {2}PATH_INFO +"\/more"$/m);
    expect(out).toMatch(/^ {2}application group +www.example.com:18080$/m);
    expect(out).toMatch(new RegExp(`^Why:[^]*virtual-host.*${SITE}:8$`, 'm'));
  });

  it('says both names where a port that nothing declares is folded', async () => {
    const { out } = await tell('explain', '--apache', SITE, '--json', 'http://www.example.com:999/a');
    expect(JSON.parse(out)).toMatchObject({
      group: { applicationGroup: 'www.example.com' },
      namedByApache: { applicationGroup: 'www.example.com:999' },
    });
  });

  it('says what is answered where no application is', async () => {
    const { out } = await tell('explain', '--apache', SITE, 'http://www.example.com/nothing');
    expect(out).toMatch(/^ {2}answer +404, /m);
  });

  it('takes headers, the Host among them', async () => {
    const words = ['--header', 'Host: other.example.com', '--port', '18080', '--json'];
    const { out } = await tell('explain', '--apache', SITE, 'http://127.0.0.1/a', ...words);
    expect(JSON.parse(out)).toMatchObject({ virtualHost: 'www.example.com:18080', kind: 'wsgi' });
  });
});

describe('demo', () => {
  type Demo = {
    answers: { path: string; said: { SITE_NAME: string; pid: string } }[];
    groups: { applicationGroup: string }[];
  };
  const demo = async (...words: string[]): Promise<Demo> => {
    const { code, out } = await tell('demo', '--once', '--json', ...words);
    expect(code).toBe(EXIT.ok);
    return JSON.parse(out) as Demo;
  };
  const names = ({ answers }: Demo): string[] => answers.map(({ said }) => said.SITE_NAME);

  it('shows each application its own config.py under %{RESOURCE}', async () => {
    expect(names(await demo())).toEqual(['hoge', 'moge']);
  });

  it('shows the mixing under %{GLOBAL}', async () => {
    expect(names(await demo('--group', '%{GLOBAL}'))).toEqual(['hoge', 'hoge']);
  });

  it('shows it gone per script, under the same name, in processes of their own', async () => {
    const told = await demo('--group', '%{GLOBAL}', '--isolation', 'per-script');
    expect(names(told)).toEqual(['hoge', 'moge']);
    expect(told.groups.map(({ applicationGroup }) => applicationGroup)).toEqual(['%{GLOBAL}', '%{GLOBAL}']);
    expect(new Set(told.answers.map(({ said }) => said.pid)).size).toBe(2);
  });
});
