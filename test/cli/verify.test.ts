/** `verify` against the real Apache: private copies of the recorded configurations and of graphite-web's, and a running server with the probe in it. */
import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/program.ts';
import { packageRoot } from '../../src/package-root.ts';
import { layOut } from '../run/play-vectors.ts';
import { makeSite, startApache } from '../support/apache.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

const program = '/usr/sbin/apache2';
const undo: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

type Told = { readonly code: number; readonly out: string; readonly error: string };

async function verify(...words: readonly string[]): Promise<Told> {
  let out = '';
  let error = '';
  const code = await runCli(['verify', ...words], {
    environment: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin' },
    print: (text) => {
      out += text;
    },
    complain: (text) => {
      error += text;
    },
    version: '0',
  });
  return { code, out, error };
}

type Outcome = { readonly asked: number; readonly differences: readonly { readonly field: string }[] };

function vectorsConfiguration(name: string): string {
  const folder = makeTemporaryFolder();
  undo.push(() => folder.remove());
  layOut(join(packageRoot(), 'test', 'vectors', name), folder.path);
  return join(folder.path, 'apache.conf');
}

const leftFolders = (): string[] =>
  readdirSync(tmpdir()).filter((name) => name.startsWith('wsgi-sidecar-verify-'));

describe('verify', () => {
  it.each(['s02-ports', 's03-alias', 's08-aliasmatch', 's10-daemon', 's12-rewrite'])(
    'finds no difference in a private copy of %s, and leaves nothing behind',
    async (name) => {
      const before = leftFolders();
      const { code, out, error } = await verify(
        '--apache2',
        program,
        '--apache',
        vectorsConfiguration(name),
        '--json',
      );
      expect(error).toBe('');
      const outcome = JSON.parse(out) as Outcome;
      expect(outcome.differences).toEqual([]);
      expect(outcome.asked).toBeGreaterThan(100);
      expect(code).toBe(0);
      expect(leftFolders().filter((folder) => !before.includes(folder))).toEqual([]);
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
    expect([right.code, right.error]).toEqual([0, '']);
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

  it('says what to write where no alias leads to the probe', async () => {
    const folder = makeTemporaryFolder();
    undo.push(() => folder.remove());
    const conf = folder.write('apache.conf', 'Listen 80\nServerName a\nWSGIScriptAlias / /srv/a.wsgi\n');
    const { code, error } = await verify('--against', 'http://127.0.0.1:1', '--apache', conf);
    expect(code).toBe(3);
    expect(error).toContain('WSGIScriptAlias /wsgi-sidecar-probe /srv/wsgi-sidecar-probe.wsgi');
  });

  it('wants one real Apache', async () => {
    expect((await verify('--apache', '/none')).code).toBe(2);
    expect(existsSync(program)).toBe(true);
  });
});
