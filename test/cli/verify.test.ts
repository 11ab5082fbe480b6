/** `verify` against the real Apache: private copies of the recorded configurations and of graphite-web's, and a running server with the probe in it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import { layOut } from '../run/play-vectors.ts';
import { makeSite, startApache } from '../support/apache.ts';
import { builtProgram } from '../support/build.ts';
import { makeCertificate } from '../support/certificate.ts';
import { type Told, tellCli } from '../support/cli.ts';
import { mustRun, startProcess } from '../support/real-process.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

const program = '/usr/sbin/apache2';
const undo: (() => void | Promise<void>)[] = [];

// A place of its own for temporary files: what is left in it nobody else has left.
const place = makeTemporaryFolder();
vi.stubEnv('TMPDIR', place.path);

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

afterAll(() => {
  vi.unstubAllEnvs();
  place.remove();
});

const verify = (...words: readonly string[]): Promise<Told> =>
  tellCli(['verify', ...words], { PATH: '/usr/bin:/bin:/usr/sbin:/sbin' });

type Outcome = { readonly asked: number; readonly differences: readonly { readonly field: string }[] };

function vectorsConfiguration(name: string): string {
  const folder = makeTemporaryFolder();
  undo.push(() => folder.remove());
  layOut(join(packageRoot(), 'test', 'vectors', name), folder.path);
  return join(folder.path, 'apache.conf');
}

const leftFolders = (): string[] =>
  readdirSync(tmpdir()).filter((name) => name.startsWith('wsgi-sidecar-verify-'));

const pidFile = (name: string): string => join(tmpdir(), name, 'run', 'httpd.pid');
const hasPid = (name: string): boolean => existsSync(pidFile(name)) && readFileSync(pidFile(name)).length > 0;

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

/** Polls for what no event tells: another process's files and processes. */
async function until<T>(find: () => T | undefined): Promise<T> {
  for (;;) {
    const found = find();
    if (found !== undefined) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function tlsHost(name: string): string {
  return `<VirtualHost 127.0.0.1:@PORT@>
  ServerName ${name}
  SSLEngine On
  SSLCertificateFile @ROOT@/cert.pem
  SSLCertificateKeyFile @ROOT@/key.pem
  WSGIScriptAlias /wsgi-sidecar-probe @ROOT@/apps/wsgi-sidecar-probe.wsgi
</VirtualHost>
`;
}

describe('verify', () => {
  it.each(['s02-ports', 's03-alias', 's08-aliasmatch', 's10-daemon', 's12-rewrite'])(
    'finds no difference in a private copy of %s, and leaves nothing behind',
    async (name) => {
      const { code, out, err } = await verify(
        '--apache2',
        program,
        '--apache',
        vectorsConfiguration(name),
        '--json',
      );
      expect(err).toBe('');
      const outcome = JSON.parse(out) as Outcome;
      expect(outcome.differences).toEqual([]);
      expect(outcome.asked).toBeGreaterThan(100);
      expect(code).toBe(0);
      expect(leftFolders()).toEqual([]);
    },
  );

  it('shows the names that a wrong version of mod_wsgi makes', async () => {
    const conf = vectorsConfiguration('s03-alias');
    const { code, out } = await verify('--apache2', program, '--apache', conf, '--mod-wsgi-version', '6');
    expect(code).toBe(1);
    expect(out).toContain('applicationGroup: computed "Names.test|/Case", real "Names.test|/case"');
    expect(out).toMatch(/[1-9]\d* differences/);
  });

  it("finds no difference in graphite-web's own configuration", async () => {
    const conf = `Define APACHE_LOG_DIR @ROOT@/run\nInclude /usr/share/graphite-web/apache2-graphite.conf\n`;
    const site = await makeSite({ conf });
    undo.push(() => site.folder.remove());
    const { code, out } = await verify('--apache2', program, '--apache', site.conf);
    expect(out).toMatch(/^\d\d+ requests asked, 0 differences/m);
    expect(code).toBe(0);
  });

  it('counts what Apache answers by itself apart from what is not computed', async () => {
    const conf = `<Location /status>\n  SetHandler server-status\n</Location>\nWSGIScriptAlias /app @ROOT@/app.wsgi\n`;
    const site = await makeSite({ conf, files: { 'app.wsgi': '' }, modules: ['status'] });
    undo.push(() => site.folder.remove());
    const { out } = await verify('--apache2', program, '--apache', site.conf);
    expect(out).toMatch(/, 0 differences; \d+ not asked because Apache answers or refuses them by itself\n/);
  });

  it('asks a running Apache where an alias leads to the probe', async () => {
    const probe = (await verify('--print-probe')).out;
    const conf = `<VirtualHost 127.0.0.1:@PORT@>
  ServerName Probed.test
  ServerAlias other.test
  WSGIScriptAlias /wsgi-sidecar-probe @ROOT@/apps/wsgi-sidecar-probe.wsgi
  <Location /wsgi-sidecar-probe>
    WSGIApplicationGroup %{HOST}
  </Location>
</VirtualHost>
`;
    const site = await makeSite({ conf, files: { 'apps/wsgi-sidecar-probe.wsgi': probe } });
    const apache = await startApache(site);
    undo.push(
      () => site.folder.remove(),
      () => apache.stop(),
    );
    const url = `http://127.0.0.1:${site.port}`;
    const right = await verify('--against', url, '--apache', site.conf);
    expect([right.code, right.err]).toEqual([0, '']);
    expect(right.out).toMatch(/^[1-9]\d+ requests asked, 0 differences/);
    const wrong = site.folder.write(
      'wrong.conf',
      conf
        .replace('%{HOST}', '%{SERVER}')
        .replaceAll('@ROOT@', site.folder.path)
        .replaceAll('@PORT@', String(site.port)),
    );
    expect((await verify('--against', url, '--apache', wrong)).code).toBe(1);
  });

  it('asks inside TLS, by the name of each request', async () => {
    const probe = (await verify('--print-probe')).out;
    const conf = `LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
SSLRandomSeed startup builtin
${['first.test', 'second.test'].map(tlsHost).join('')}`;
    const site = await makeSite({ conf, files: { 'apps/wsgi-sidecar-probe.wsgi': probe } });
    undo.push(() => site.folder.remove());
    await makeCertificate(site.folder.path, 'first.test');
    const apache = await startApache(site);
    undo.push(() => apache.stop());
    const { code, out, err } = await verify(
      '--against',
      `https://127.0.0.1:${site.port}`,
      '--apache',
      site.conf,
    );
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^[1-9]\d+ requests asked, 0 differences/);
  });

  it('copies what stands in the settings file, without Apache’s own', async () => {
    const folder = makeTemporaryFolder();
    undo.push(() => folder.remove());
    const output = join(folder.path, 'sidecar.yaml');
    const words = ['convert', vectorsConfiguration('s08-aliasmatch'), '--output', output];
    await mustRun(process.execPath, [await builtProgram(), ...words]);
    const { code, out, err } = await verify('--apache2', program, '--config', output);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^\d\d+ requests asked, 0 differences/m);
  });

  it('leaves no server and no files when it is killed', async () => {
    const words = ['verify', '--apache2', program, '--apache', vectorsConfiguration('s02-ports')];
    const running = startProcess(process.execPath, [await builtProgram(), ...words]);
    const folder = await until(() => leftFolders().find(hasPid));
    const pid = Number(readFileSync(pidFile(folder), 'utf8'));
    process.kill(running.pid, 'SIGKILL');
    await until(() => (isAlive(pid) || existsSync(join(tmpdir(), folder)) ? undefined : 'gone'));
    expect(isAlive(pid)).toBe(false);
    await running.exited;
  });

  it('says what to write where no alias leads to the probe', async () => {
    const folder = makeTemporaryFolder();
    undo.push(() => folder.remove());
    const conf = folder.write('apache.conf', 'Listen 80\nServerName a\nWSGIScriptAlias / /srv/a.wsgi\n');
    const { code, err } = await verify('--against', 'http://127.0.0.1:1', '--apache', conf);
    expect(code).toBe(3);
    expect(err).toContain('WSGIScriptAlias /wsgi-sidecar-probe /srv/wsgi-sidecar-probe.wsgi');
  });

  it('wants one real Apache', async () => {
    expect((await verify('--apache', '/none')).code).toBe(2);
    expect(existsSync(program)).toBe(true);
  });
});
