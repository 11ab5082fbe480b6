import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/cli/exit-code.ts';
import { packageRoot } from '../../src/package-root.ts';
import { type AuditFinding, auditOf, FIXTURES, tellAudit } from '../audit/audit-fixture.ts';
import { GRAPHITE_CONF } from '../integration/graphite-setup.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

const folder = makeTemporaryFolder();
afterAll(() => folder.remove());

const CLASH = join(FIXTURES, 'module-clash', 'hit.conf');
const QUIET = join(FIXTURES, 'module-clash', 'near.conf');
const SCRIPTS = join(FIXTURES, 'module-clash');

type Sarif = {
  readonly version: string;
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
    readonly results: readonly {
      readonly ruleId: string;
      readonly ruleIndex: number;
      readonly level: string;
      readonly locations: readonly {
        readonly physicalLocation: {
          readonly artifactLocation: { readonly uri: string; readonly uriBaseId?: string };
          readonly region: { readonly startLine: number };
        };
      }[];
    }[];
  }[];
};

function clashesOf(findings: readonly AuditFinding[]): readonly string[] {
  return findings.filter(({ id }) => id === 'module-clash').map(({ message }) => message);
}

describe('audit', () => {
  it('prints a row for each interpreter, then the findings with place, reason and advice', async () => {
    const { out, code } = await tellAudit([CLASH]);
    const rows = out.split('\n').map((line) => line.split(/ {2,}/));
    expect(rows[0]).toEqual(['PROCESS', 'USER', 'INTERPRETER', 'MOUNTS', 'SCRIPTS']);
    expect(rows[1]).toEqual([
      'embedded (threads)',
      '-',
      'www.example.com',
      'www.example.com:/a',
      `${SCRIPTS}/a/app.wsgi`,
    ]);
    expect(rows[2]).toEqual(['', 'www.example.com:/b', `${SCRIPTS}/b/app.wsgi`]);
    expect(out).toContain(`${CLASH}:7: error: module-clash: Module "config"`);
    expect(out).toContain(`    ${SCRIPTS}/b/app.wsgi:6: `);
    expect(out).toMatch(/^ {4}why: /m);
    expect(out).toMatch(/^ {4}do: {2}/m);
    expect(out).toMatch(/^2 errors, \d+ warnings?, \d+ notes?$/m);
    expect(code).toBe(EXIT.failed);
  });

  it("names config and both files for the story's configuration under %{SERVER}", async () => {
    const root = join(packageRoot(), 'deploy', 'demo');
    const environment = { DEMO_ROOT: root, DEMO_PORT: '8080', DEMO_GROUP: '%{SERVER}' };
    const { out } = await tellAudit([join(root, 'apache.conf'), '--json'], environment);
    const [message] = clashesOf((JSON.parse(out) as { findings: AuditFinding[] }).findings);
    expect(message).toContain('Module "config"');
    expect(message).toContain(`${root}/hoge/config.py`);
    expect(message).toContain(`${root}/moge/config.py`);
    const parted = await tellAudit([join(root, 'apache.conf'), '--json'], {
      ...environment,
      DEMO_GROUP: '%{RESOURCE}',
    });
    expect(parted.out).not.toContain('module-clash');
  });

  it('names config and both files for the recorded scenario of the story', async () => {
    const scenario = join(packageRoot(), 'test', 'vectors', 's13-blog-embedded-server');
    const text = readFileSync(join(scenario, 'apache.conf'), 'utf8').replaceAll(
      '@ROOT@',
      join(scenario, 'root'),
    );
    const { findings } = await auditOf(folder.write('s13.conf', text));
    const clashes = clashesOf(findings);
    expect(clashes).toHaveLength(2);
    for (const site of ['site_a', 'site_b'])
      expect(clashes[0]).toContain(join(scenario, 'root', 'apps', site, 'config.py'));
  });

  it.skipIf(!existsSync(GRAPHITE_CONF) && process.env.CI === undefined)(
    "names the useless preload of graphite-web's own configuration (skipped without Debian's package outside CI)",
    async () => {
      const conf = folder.write(
        'graphite.conf',
        `Include ${FIXTURES}/modules.conf\nListen 80\nInclude ${GRAPHITE_CONF}\n`,
      );
      const { findings } = await auditOf(conf);
      const [preload] = findings.filter(({ id }) => id === 'useless-preload');
      expect(preload?.file).toBe(GRAPHITE_CONF);
      expect(preload?.message).toContain('/usr/share/graphite-web/graphite.wsgi');
    },
  );

  it.each([
    ['error', CLASH, EXIT.failed],
    ['never', CLASH, EXIT.ok],
    ['error', QUIET, EXIT.ok],
    ['info', QUIET, EXIT.failed],
  ])('with --fail-on %s ends %s with %i', async (limit, conf, code) => {
    expect((await tellAudit([conf, '--fail-on', limit])).code).toBe(code);
  });

  it('refuses a severity that is none, and a configuration that Apache would refuse', async () => {
    expect((await tellAudit([CLASH, '--fail-on', 'loud'])).code).toBe(EXIT.usage);
    expect((await tellAudit([folder.write('broken.conf', '<VirtualHost *:80>\n')])).code).toBe(
      EXIT.configuration,
    );
    expect((await tellAudit([])).code).toBe(EXIT.configuration);
  });

  it('writes SARIF 2.1.0 beside the text, and prints it where no file is named', async () => {
    const file = join(folder.path, 'audit.sarif');
    const told = await tellAudit([CLASH, '--sarif', file]);
    expect(told.out).toContain('module-clash');
    const written = JSON.parse(readFileSync(file, 'utf8')) as Sarif;
    const printed = JSON.parse((await tellAudit([CLASH, '--sarif'])).out) as Sarif;
    expect(printed).toEqual(written);
    expect(written.version).toBe('2.1.0');
    const [run] = written.runs;
    const [first] = run?.results ?? [];
    expect(first).toMatchObject({ ruleId: 'module-clash', level: 'error' });
    expect(run?.tool.driver.rules[first?.ruleIndex ?? -1]?.id).toBe('module-clash');
    expect(first?.locations[0]?.physicalLocation).toEqual({
      artifactLocation: { uri: 'test/fixtures/audit/module-clash/hit.conf', uriBaseId: 'SRCROOT' },
      region: { startLine: 7 },
    });
  });

  it('says which file cannot be written', async () => {
    const { code, err } = await tellAudit([CLASH, '--sarif', join(CLASH, 'x.sarif')]);
    expect(code).toBe(EXIT.place);
    expect(err).toContain(`Cannot write "${CLASH}/x.sarif"`);
  });

  it('keeps the fingerprint of a finding when its lines move', async () => {
    const text = readFileSync(CLASH, 'utf8');
    const moved = await auditOf(folder.write('moved.conf', `\n\n\n${text}`));
    const before = await auditOf(CLASH);
    const prints = ({ findings }: typeof before): string[] => findings.map(({ fingerprint }) => fingerprint);
    expect(prints(moved)).toEqual(prints(before));
    expect(new Set(prints(before)).size).toBe(before.findings.length);
  });

  it("finds scripts and interpreters that the process's user may not read", async () => {
    const script = folder.write('closed/app.wsgi', 'def application(e, s):\n    return []\n');
    const python = folder.write('shut/python3', '#!/bin/sh\n');
    chmodSync(python, 0o755);
    chmodSync(join(folder.path, 'shut'), 0o700);
    const open = folder.write('open/app.wsgi', 'def application(e, s):\n    return []\n');
    chmodSync(script, 0o600);
    const conf = folder.write(
      'closed.conf',
      `Include ${FIXTURES}/modules.conf\nListen 80\nUser nobody\n<VirtualHost *:80>\nServerName x.test\nWSGIScriptAlias /a ${script}\nWSGIScriptAlias /b ${open}\n</VirtualHost>\n`,
    );
    const { findings } = await auditOf(conf);
    const closed = findings.filter(({ id }) => id === 'unreadable');
    expect(closed).toMatchObject([{ severity: 'error', file: conf, line: 6 }]);
    expect(closed[0]?.message).toContain(`User "nobody" may not read "${script}"`);
    const shut = await auditOf(conf, '--python', python);
    const messages = shut.findings.filter(({ id }) => id === 'unreadable').map(({ message }) => message);
    expect(messages.some((message) => message.includes(`"${python}"`) && message.includes('folder'))).toBe(
      true,
    );
    expect(shut.findings.some(({ id }) => id === 'interpreter-unusable')).toBe(true);
  });

  it('tells an interpreter that is missing from one that fails', async () => {
    const gone = await auditOf(CLASH, '--python', '/nonexistent/python3');
    expect(gone.findings.find(({ id }) => id === 'interpreter-unusable')?.message).toBe(
      'Python "/nonexistent/python3" does not exist',
    );
    const failing = await auditOf(CLASH, '--python', '/bin/false');
    expect(failing.findings.find(({ id }) => id === 'interpreter-unusable')?.message).toContain(
      'it ended with 1',
    );
  });

  it("shows the sidecar's own layout, in which scripts share nothing once they are parted", async () => {
    const words = ['--layout', 'sidecar'];
    expect(clashesOf((await auditOf(CLASH, ...words)).findings)).not.toEqual([]);
    const parted = await auditOf(CLASH, ...words, '--isolation', 'per-script');
    expect(parted.processes).toHaveLength(2);
    expect(parted.findings).toEqual([]);
  });

  it('reads imports with the packages of python-home', async () => {
    const home = join(folder.path, 'venv');
    execFileSync('/usr/bin/python3', ['-m', 'venv', '--without-pip', home]);
    const [version] = readdirSync(join(home, 'lib'));
    folder.write(`venv/lib/${version}/site-packages/lxml/__init__.py`, '');
    const script = folder.write('packed.wsgi', 'import lxml.etree\n');
    const conf = (option: string): string =>
      folder.write(
        'packed.conf',
        `Include ${FIXTURES}/modules.conf\nListen 80\nServerName x.test\nWSGIDaemonProcess d ${option}\nWSGIProcessGroup d\nWSGIScriptAlias / ${script}\n`,
      );
    const { findings } = await auditOf(conf(`python-home=${home}`));
    expect(findings.find(({ id }) => id === 'subinterpreter-hostile')).toMatchObject({
      file: script,
      line: 1,
    });
    expect(findings.map(({ id }) => id)).not.toContain('interpreter-unusable');
  });

  it('writes nothing beside the scripts', async () => {
    writeFileSync(join(folder.path, 'lone.py'), '');
    const script = folder.write(
      'lone.wsgi',
      'import os, sys\nsys.path.append(os.path.dirname(__file__))\nimport lone\n',
    );
    const conf = folder.write(
      'lone.conf',
      `Include ${FIXTURES}/modules.conf\nListen 80\nServerName x.test\nWSGIScriptAlias / ${script}\n`,
    );
    const { processes } = await auditOf(conf);
    expect(processes[0]?.interpreters[0]?.scripts).toEqual([script]);
    expect(existsSync(join(folder.path, '__pycache__'))).toBe(false);
  });
});
