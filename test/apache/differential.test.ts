/** Our tree of a configuration equals that of the real Apache (mod_info's DUMP_CONFIG), and so do the files it reads. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ConfigurationSource,
  type LoadedConfiguration,
  loadConfiguration,
} from '../../src/apache/load.ts';
import { nodeFileReader } from '../../src/apache/node-file-reader.ts';
import { packageRoot } from '../../src/package-root.ts';
import { makeCertificate } from '../support/certificate.ts';
import { fc, runs } from '../support/property.ts';
import { goldenCases } from './golden-case.ts';
import { randomConfiguration, randomPart } from './random-configuration.ts';
import { askApache, complaintPlace, missingApache } from './real-apache.ts';
import { expectSameReading, expectSameTree } from './same-tree.ts';

const reason = missingApache();
if (reason !== undefined) process.stderr.write(`differential.test.ts is skipped: ${reason}\n`);

const debian = '/etc/apache2/apache2.conf';
const graphite = '/usr/share/graphite-web/apache2-graphite.conf';

function load(
  file: string,
  environment: NodeJS.ProcessEnv,
  options: Partial<ConfigurationSource> = {},
): LoadedConfiguration {
  return loadConfiguration({ file, reader: nodeFileReader, environment, defines: [], ...options });
}

function expectSameAsApache(file: string, environment: NodeJS.ProcessEnv = process.env): void {
  const loaded = load(file, environment);
  expectSameReading(file, loaded, environment);
  expect(loaded.diagnostics).toEqual([]);
}

describe.skipIf(reason !== undefined)('loadConfiguration() beside the real Apache', () => {
  const vectors = join(packageRoot(), 'test', 'vectors');
  const scenarios = readdirSync(vectors).filter((name) => existsSync(join(vectors, name, 'apache.conf')));
  const cases = goldenCases();
  let root = '';

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'sd-'));
    mkdirSync(join(root, 'run'));
    mkdirSync(join(root, 'htdocs'));
    // For s02, which names one.
    await makeCertificate(join(root, 'run'));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  function write(name: string, text: string): string {
    const file = resolve(root, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, 'latin1');
    return file;
  }

  it.each(scenarios)('has the same tree for the vectors of %s', (scenario) => {
    const text = readFileSync(join(vectors, scenario, 'apache.conf'), 'latin1');
    expectSameAsApache(write(`${scenario}.conf`, text.replaceAll('@ROOT@', root)));
  });

  it.skipIf(!existsSync(debian))("has the same tree for Debian's own configuration", () => {
    const { environment } = load(debian, {});
    expectSameAsApache(debian, Object.fromEntries(environment));
  });

  it.skipIf(!existsSync(debian))('has the same tree for every module and snippet that Debian brings', () => {
    const available = ['mods-available/*.load', 'mods-available/*.conf', 'conf-available/*.conf'];
    const files = available.flatMap((pattern) => {
      const [folder = '', suffix = ''] = pattern.split('/*');
      const names = readdirSync(join('/etc/apache2', folder)).filter((name) => name.endsWith(suffix));
      return names.sort().map((name) => `${folder}/${name}`);
    });
    // One multi-processing module at a time, and modules that start programs when they are only loaded are left out.
    const included = files.filter((file) => !/mpm_(prefork|worker)|passenger/.test(file));
    const own = ['ServerRoot /etc/apache2', `PidFile ${root}/pid`, `ErrorLog ${root}/log`, 'ServerName x'];
    const includes = [...included, 'ports.conf', 'sites-available/000-default.conf'];
    const text = [...own, ...includes.map((file) => `Include ${file}`), ''].join('\n');
    const names = ['LOG_DIR', 'LOCK_DIR', 'RUN_DIR', 'PID_FILE', 'RUN_USER', 'RUN_GROUP'];
    const environment = Object.fromEntries(names.map((name) => [`APACHE_${name}`, root]));
    expectSameAsApache(write('all.conf', text), environment);
  });

  it.skipIf(!existsSync(graphite))('has the same tree for the configuration of graphite-web', () => {
    const modules = loadModules(['mpm_event', 'authz_core', 'alias', 'wsgi']);
    const own = [
      `ServerRoot ${root}`,
      `PidFile ${root}/pid`,
      `ErrorLog ${root}/log`,
      'Listen 80',
      'ServerName x',
    ];
    const text = [...modules, ...own, `Include ${graphite}`, ''].join('\n');
    expectSameAsApache(write('graphite.conf', text), { ...process.env, APACHE_LOG_DIR: root });
  });

  it.each(cases)('judges the golden case $name as Apache does', (golden) => {
    // Short, because Apache cuts its message about a cycle, which has all the names, at 8 KiB.
    const folder = join(root, String(cases.indexOf(golden)));
    for (const [path, text] of golden.files) {
      if (text === undefined) mkdirSync(join(folder, path), { recursive: true });
      else write(join(folder, path), text.replaceAll('/case', folder));
    }
    const { complaint, places } = expectSameVerdict(folder, join(folder, 'main.conf'));
    if (complaint !== undefined) expect(places).toContain(complaint);
  });

  it('judges random configurations as Apache does', () => {
    const folder = join(root, 'random');
    const modules = loadModules(['env', 'macro']).join('\n');
    fc.assert(
      fc.property(randomConfiguration, randomPart, (text, part) => {
        for (const name of ['part.conf', 'd/a.conf']) write(join(folder, name), part);
        expectSameVerdict(
          folder,
          write(join(folder, 'main.conf'), `${modules}\nServerName first.test\n${text}`),
        );
      }),
      runs(60),
    );
  });
});

/** Both refuse the file, or both have the same tree. Returns Apache's place when it refuses, and all of ours. */
function expectSameVerdict(folder: string, file: string): { complaint?: string; places: readonly string[] } {
  const environment = { PATH: process.env.PATH, SET_OUTSIDE: 'from outside', EMPTY: '' };
  const own = [`ServerRoot ${folder}`, `PidFile ${folder}/pid`, `ErrorLog ${folder}/log`, 'Listen 80'];
  const before = [...loadModules(['mpm_event', 'authz_core']), ...own];
  const answer = askApache(file, ['GIVEN', 'DUMP_CONFIG'], { environment, before });
  const loaded = load(file, environment, { defines: ['GIVEN'], serverRoot: folder });
  const places = loaded.diagnostics
    .filter(({ severity, id }) => severity === 'error' || fatalWarnings.has(id))
    .map(({ position }) => `${position?.file}:${position?.line}`);
  const complaint = complaintPlace(answer);
  if (complaint === undefined) {
    expect(places).toEqual([]);
    expectSameTree(loaded, answer);
    return { places };
  }
  expect(places, answer.stderr).not.toEqual([]);
  return { complaint, places };
}

/** Warnings because they depend on how an Apache was built; this one's build makes them fatal. */
const fatalWarnings: ReadonlySet<string> = new Set(['directive-unknown', 'module-built-in']);

function loadModules(names: readonly string[]): string[] {
  return names.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`);
}
