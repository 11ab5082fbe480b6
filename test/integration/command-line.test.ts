/** The command line as the README shows it, and what it says of input that is wrong. */
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import { builtProgram } from '../support/build.ts';
import { descendantsOf, isRunning } from '../support/descendants.ts';
import { reservePort } from '../support/port.ts';
import { openConnection, openSocket } from '../support/raw-http.ts';
import { type Finished, runProcess, startProcess } from '../support/real-process.ts';
import { runSidecar, SYSTEM_PYTHON, startSidecar } from '../support/sidecar.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { SLOW } from './slow-application.ts';

const HELLO = `def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]
`;

const CONF = `User www-data
Group www-data
Listen 127.0.0.1:80
<VirtualHost *:80>
    ServerName shop.test
    WSGIApplicationGroup %{SERVER}
    WSGIScriptAlias /hello @ROOT@/hello.wsgi
    WSGIScriptAlias /slow @ROOT@/slow.wsgi
</VirtualHost>
`;

let folder: TemporaryFolder;
let conf: string;

beforeAll(async () => {
  folder = makeTemporaryFolder();
  folder.write('hello.wsgi', HELLO);
  folder.write('slow.wsgi', SLOW);
  conf = folder.write('apache.conf', CONF.replaceAll('@ROOT@', folder.path));
  await builtProgram();
});

afterAll(() => folder?.remove());

/** A run that has to fail at its start, without a stack trace. */
async function expectRefusal(command: string, ...words: readonly string[]): Promise<string> {
  // The usual admin port may be taken by a sidecar of this machine, which would be another refusal.
  const admin = command === 'run' ? ['--admin', `127.0.0.1:${await reservePort()}`] : [];
  const finished = await runSidecar(command, ...words, ...admin);
  expect(finished.code).not.toBe(0);
  expect(finished.code).not.toBe(null);
  expect(finished.all).not.toMatch(/^\s+at .*:\d+:\d+/m);
  return finished.all;
}

describe('wsgi-sidecar run, told something wrong', () => {
  const settings = (more: Readonly<Record<string, unknown>>): string =>
    folder.write(
      `settings-${Math.random().toString(36).slice(2)}.yaml`,
      JSON.stringify({ apache: conf, python: SYSTEM_PYTHON, runtimeDir: `${folder.path}/run`, ...more }),
    );

  it('wants a configuration', async () => {
    expect(await expectRefusal('run')).toMatch(/--apache/);
  });

  it('names the configuration that is not there', async () => {
    expect(await expectRefusal('run', '--apache', '/nonexistent/apache2.conf')).toContain(
      '/nonexistent/apache2.conf',
    );
  });

  it('names a folder that was given for a file', async () => {
    expect(await expectRefusal('run', '--apache', folder.path)).toContain(folder.path);
  });

  it('names the settings file that is not there', async () => {
    expect(await expectRefusal('run', '--config', '/nonexistent/sidecar.yaml')).toContain(
      '/nonexistent/sidecar.yaml',
    );
  });

  it.each([
    ['a section that is not closed', 'Listen 80\n<VirtualHost *:80>\nServerName a.test\n', 2],
    ['a section that was not opened', 'Listen 80\n</VirtualHost>\n', 2],
    ['a directive without its arguments', 'Listen 80\nWSGIScriptAlias /only\n', 2],
    ['an include of nothing', 'Listen 80\nInclude /nonexistent/more.conf\n', 2],
  ])('names file and line of %s', async (name, text, line) => {
    const file = folder.write(`${name.replaceAll(' ', '-')}.conf`, text);
    for (const command of ['check', 'run']) {
      expect(await expectRefusal(command, '--apache', file)).toContain(`${file}:${line}:`);
    }
  });

  it('names the setting that it does not know, with file and line', async () => {
    const file = folder.write('typo.yaml', `apache: ${conf}\nisolaton: per-script\n`);
    const said = await expectRefusal('run', '--config', file);
    expect(said).toContain(`${file}:2:`);
    expect(said).toContain('isolation');
  });

  it('names the port that is taken', async () => {
    const server = createServer();
    const port = await reservePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const config = settings({ listen: [{ bind: `127.0.0.1:${port}`, as: '*:80' }] });
    const said = await expectRefusal('run', '--config', config);
    server.close();
    expect(said).toContain(`127.0.0.1:${port}`);
  });

  it.each([
    ['a folder that is missing', 'unix:/nonexistent/admin.sock', 'its folder is missing'],
    ['a path that nobody could connect to', `unix:/tmp/${'a'.repeat(110)}.sock`, 'at most 107 bytes'],
    ['an address of a network', '192.0.2.1:9180', '"192.0.2.1:9180": wanted a loopback address'],
    ['what is no address', 'localhost', '"localhost": wanted a loopback address and a port'],
  ])('says what is wrong with %s for the admin side', async (_case, admin, said) => {
    const words = ['--apache', conf, '--admin', admin, '--runtime-dir', `${folder.path}/admin-run`];
    const finished = await runSidecar('run', ...words);
    expect([3, 4]).toContain(finished.code);
    expect(finished.all).toContain(said);
  });

  it('names the socket folder that it cannot write', async () => {
    const file = folder.write('a-file', '');
    const listen = [{ bind: `127.0.0.1:${await reservePort()}`, as: '*:80' }];
    const config = settings({ listen, runtimeDir: `${file}/run` });
    expect(await expectRefusal('run', '--config', config)).toContain(`${file}/run`);
  });
});

describe('wsgi-sidecar groups', () => {
  it('shows which mounts and scripts share a process', async () => {
    const { stdout, code } = await runSidecar('groups', '--apache', conf);
    expect(code).toBe(0);
    for (const part of ['shop.test', '/hello', '/slow', 'hello.wsgi', 'slow.wsgi'])
      expect(stdout).toContain(part);
  });

  it('says the same as JSON', async () => {
    const { stdout } = await runSidecar('groups', '--apache', conf, '--json');
    const text = JSON.stringify(JSON.parse(stdout));
    expect(text).toContain('shop.test');
    expect(text).toContain(`${folder.path}/slow.wsgi`);
  });
});

describe('wsgi-sidecar explain', () => {
  it('tells the virtual host, the mount, the group and why', async () => {
    const { stdout, code } = await runSidecar('explain', '--apache', conf, 'http://shop.test/hello/more');
    expect(code).toBe(0);
    for (const part of ['shop.test', '/hello', 'hello.wsgi', 'apache.conf']) expect(stdout).toContain(part);
  });

  it('says the same as JSON', async () => {
    const { stdout } = await runSidecar('explain', '--apache', conf, '--json', 'http://shop.test/hello/more');
    const text = JSON.stringify(JSON.parse(stdout));
    for (const part of ['/hello', '/more', 'hello.wsgi']) expect(text).toContain(part);
  });
});

describe('wsgi-sidecar check', () => {
  it('finds nothing wrong with what is right', async () => {
    expect((await runSidecar('check', '--apache', conf, '--python', SYSTEM_PYTHON)).code).toBe(0);
  });

  it('says what it finds as JSON', async () => {
    const file = folder.write('missing.conf', 'Listen 80\nWSGIScriptAlias / /nonexistent/app.wsgi\n');
    const { stdout } = await runSidecar('check', '--apache', file, '--json');
    expect(JSON.stringify(JSON.parse(stdout))).toContain('/nonexistent/app.wsgi');
  });
});

describe('npm start', () => {
  const place = {
    cwd: packageRoot(),
    environment: { ...process.env, PATH: `/usr/bin:${process.env.PATH}` },
  };
  const demo = (...words: readonly string[]): Promise<Finished> =>
    runProcess('npm', ['start', '--silent', '--', 'demo', '--once', ...words], place);

  it('serves the two sites apart, says where, and ends with Ctrl-C', async () => {
    const running = startProcess(process.execPath, [await builtProgram()], place);
    await running.waitForLine((line) => line === 'Ctrl-C ends it.');
    const shown = running.output();
    expect(shown).toContain('Not mixed');
    const asked = [...shown.matchAll(/curl (\S+)/g)].map(async ([, url]) => (await fetch(url ?? '')).text());
    const [hoge, moge, metrics] = await Promise.all(asked);
    expect([hoge, moge]).toEqual([
      expect.stringContaining('SITE_NAME = hoge\n'),
      expect.stringContaining('SITE_NAME = moge\n'),
    ]);
    expect(metrics).toContain('wsgi_sidecar_requests_total{');
    expect(await running.stop('SIGINT')).toEqual({ code: 0, signal: null });
  });

  it('leaves nothing behind when nobody takes what it prints, and says why when a disk is full', async () => {
    const [program, own] = [await builtProgram(), makeTemporaryFolder()];
    const under = { environment: { ...place.environment, TMPDIR: own.path } };
    const words = `'${process.execPath}' '${program}' demo`;
    expect(await runProcess('sh', ['-c', `${words} | true`], under)).toMatchObject({ code: 0, all: '' });
    const full = await runProcess('sh', ['-c', `${words} > /dev/full`], under);
    expect([full.code, full.all]).toEqual([
      1,
      'wsgi-sidecar: Cannot write to standard output: no space left on device',
    ]);
    expect(readdirSync(own.path)).toEqual([]);
    own.remove();
  });

  it('shows them mixing in one interpreter, and parted by script under the same name', async () => {
    const mixed = await demo('--group', '%{GLOBAL}');
    expect([mixed.code, mixed.all]).toEqual([0, expect.stringContaining('MIXED: /moge')]);
    const parted = await demo('--group', '%{GLOBAL}', '--isolation', 'per-script');
    expect([parted.code, parted.all]).toEqual([0, expect.stringContaining('Not mixed')]);
    expect(parted.all).toMatch(/^%\{GLOBAL\} \(moge\.wsgi\) /m);
  });
});

describe('a second sidecar', () => {
  it('is refused the runtime folder of the first, and told its pid', async () => {
    const first = await startSidecar({ apache: conf, as: '*:80' });
    const { runtimeDir } = JSON.parse(readFileSync(first.config, 'utf8')) as { readonly runtimeDir: string };
    const [port, admin] = [await reservePort(), await reservePort()];
    const words = ['--listen', `127.0.0.1:${port}`, '--admin', `127.0.0.1:${admin}`];
    // The same command twice is the usual way to a second sidecar: there the admin's address is taken first.
    for (const more of [words, []]) {
      const second = await runSidecar('run', '--config', first.config, ...more);
      expect([second.code, second.all]).toEqual([4, expect.stringContaining(`pid ${first.process.pid}`)]);
    }
    expect((await first.get('shop.test', '/hello')).status).toBe(200);
    await first.process.stop();
    expect(readdirSync(runtimeDir)).toEqual([]);
    await first.stop();
  });
});

describe('the end of a sidecar', () => {
  it('waits on SIGTERM for the request in flight', async () => {
    const sidecar = await startSidecar({ apache: conf, as: '*:80' });
    const held = openConnection({ port: sidecar.port });
    held.write('GET /slow HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n');
    await held.until('begun');
    sidecar.process.child.kill('SIGTERM');
    await refused(sidecar.port);
    folder.write('gate', '');
    await held.until('ended');
    expect(await sidecar.process.exited).toEqual({ code: 0, signal: null });
    await sidecar.stop();
  });

  it('leaves no process behind when it is killed', async () => {
    const sidecar = await startSidecar({ apache: conf, as: '*:80' });
    expect((await sidecar.get('shop.test', '/hello')).text()).toBe('hello');
    const children = descendantsOf(sidecar.process.pid);
    expect(children.length).toBeGreaterThan(0);
    process.kill(sidecar.process.pid, 'SIGKILL');
    await sidecar.process.exited;
    for (const { pid } of children) await ended(pid);
    await sidecar.stop();
  });
});

/** Resolves when the port takes no more connections. */
async function refused(port: number): Promise<void> {
  for (;;) {
    const isRefused = await new Promise<boolean>((resolve) => {
      const socket = openSocket({ port });
      socket.once('connect', () => resolve(false)).once('error', () => resolve(true));
      socket.once('connect', () => socket.destroy());
    });
    if (isRefused) return;
  }
}

/** Resolves when the process has ended. */
async function ended(pid: number): Promise<void> {
  while (isRunning(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
}
