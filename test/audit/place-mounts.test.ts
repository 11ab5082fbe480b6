import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { nodeFileReader } from '../../src/apache/node-file-reader.ts';
import { type Process, surveyProcesses } from '../../src/audit/census.ts';
import { placeMounts } from '../../src/audit/place-mounts.ts';
import { consumesVariableText } from '../../src/audit/rules/variable-text.ts';
import { packageRoot } from '../../src/package-root.ts';
import { declaredGroups } from '../../src/routing/declared-groups.ts';
import { readSite } from '../../src/sidecar/load-site.ts';
import type { Site } from '../../src/site/model.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { FIXTURES } from './audit-fixture.ts';

const folder = makeTemporaryFolder();
afterAll(() => folder.remove());

function siteOf(text: string): Site {
  const apache = folder.write('apache.conf', text.replaceAll('@ROOT@', folder.path));
  const settings = {
    apache,
    defines: [],
    modWsgiVersion: '4.9',
    isolation: 'as-configured',
    virtualHosts: {},
    mounts: {},
    ports: [],
    groups: {},
    unknownPort: 'fold',
    expandFromRequest: false,
    groupsFrom: 'configuration',
    trustedProxies: [],
    accessControl: 'enforce',
  } as const;
  return readSite(settings, {}).site;
}

const MODULES = readFileSync(join(FIXTURES, 'modules.conf'), 'utf8');
const processesOf = (body: string): readonly Process[] =>
  surveyProcesses(
    siteOf(`${MODULES}LoadModule mime_module m.so\nListen 80\n${body}`),
    nodeFileReader,
    'apache',
  );

const vectors = join(packageRoot(), 'test', 'vectors');
const scenarios = readdirSync(vectors).filter((name) => /^s\d\d-/.test(name));

describe('placeMounts()', () => {
  it.each(scenarios)('places the mounts of %s in the groups that the configuration declares', (scenario) => {
    const root = join(vectors, scenario, 'root');
    const text = readFileSync(join(vectors, scenario, 'apache.conf'), 'utf8').replaceAll('@ROOT@', root);
    const site = siteOf(text);
    const placed = new Set(placeMounts(site, nodeFileReader).map(({ identity }) => JSON.stringify(identity)));
    const missing = declaredGroups(site).filter(
      ({ identity, scripts }) =>
        !placed.has(JSON.stringify(identity)) &&
        scripts.some((script) => nodeFileReader.kind(script) === 'file'),
    );
    expect(missing.map(({ key }) => key)).toEqual([]);
  });

  it('gives each script of a folder a place of its own', () => {
    for (const name of ['one.wsgi', 'sub/two.wsgi', 'config.py']) folder.write(`apps/${name}`, '');
    const [process] = processesOf(
      '<VirtualHost *:80>\nServerName x.test\nWSGIScriptAlias /d @ROOT@/apps\n</VirtualHost>\n',
    );
    expect(process?.interpreters.map(({ applicationGroup, scripts }) => [applicationGroup, scripts])).toEqual(
      [
        ['x.test|/d/one.wsgi', [`${folder.path}/apps/one.wsgi`]],
        ['x.test|/d/sub/two.wsgi', [`${folder.path}/apps/sub/two.wsgi`]],
      ],
    );
  });

  it('finds the scripts behind a pattern, one interpreter for each', () => {
    for (const name of ['a', 'b']) folder.write(`tenants/${name}/app.wsgi`, '');
    const [process] = processesOf(
      '<VirtualHost *:80>\nServerName x.test\nWSGIScriptAliasMatch ^/([^/]+) @ROOT@/tenants/$1/app.wsgi\n</VirtualHost>\n',
    );
    expect(process?.interpreters.map(({ perRequest, scripts }) => [perRequest, scripts])).toEqual([
      [true, [`${folder.path}/tenants/a/app.wsgi`]],
      [true, [`${folder.path}/tenants/b/app.wsgi`]],
    ]);
  });

  it('places what handlers outside sections run in the document root, by their extension', () => {
    for (const name of ['htdocs/a.py', 'htdocs/b.html']) folder.write(name, '');
    const [process] = processesOf(
      '<VirtualHost *:80>\nServerName x.test\nDocumentRoot @ROOT@/htdocs\nAddHandler wsgi-script .py\n</VirtualHost>\n',
    );
    expect(process?.interpreters).toMatchObject([
      { applicationGroup: '%{RESOURCE}', perRequest: true, scripts: [`${folder.path}/htdocs/a.py`] },
    ]);
  });

  it('does not search the whole machine for scripts', () => {
    const [process] = processesOf(
      '<VirtualHost *:80>\nServerName x.test\nDocumentRoot @ROOT@/none\n<Directory />\nSetHandler wsgi-script\n</Directory>\n</VirtualHost>\n',
    );
    expect(process?.interpreters).toMatchObject([{ perRequest: true, scripts: [] }]);
  });

  it('places what handlers run', () => {
    folder.write('cgi/x.wsgi', '');
    const [process] = processesOf(
      '<VirtualHost *:80>\nServerName x.test\n<Directory @ROOT@/cgi>\nOptions ExecCGI\nAddHandler wsgi-script .wsgi\nWSGIApplicationGroup %{GLOBAL}\n</Directory>\n</VirtualHost>\n',
    );
    expect(process?.interpreters).toMatchObject([
      { applicationGroup: '', perRequest: false, scripts: [`${folder.path}/cgi/x.wsgi`] },
    ]);
  });

  it('tells what only a request can tell', () => {
    const body = (line: string): string =>
      `<VirtualHost *:80>\nServerName x.test\n${line}\nWSGIScriptAlias /a @ROOT@/a.wsgi\n</VirtualHost>\n`;
    const reasonOf = (line: string): string | undefined =>
      processesOf(body(line))[0]?.interpreters[0]?.placements[0]?.reason;
    expect(reasonOf('WSGIApplicationGroup %{ENV:NOBODY_SETS_THIS}')).toBe('variable');
    expect(reasonOf('WSGIDispatchScript /x.py')).toBe('dispatch');
    expect(reasonOf('WSGIProcessGroup nobody')).toBe('process-group');
    expect(reasonOf('WSGIApplicationGroup named')).toBeUndefined();
  });
});

describe('consumesVariableText()', () => {
  it.each([
    ['^/tenants/[^/]+', true],
    ['^/eat/.*$', true],
    ['^/t/\\d{1,}', true],
    ['(?i)^/app', false],
    ['^/fixed(?:/|$)', false],
    ['^/(?:a|b)', false],
    ['^/app(?=/.*)', false],
    ['^/a\\.b', false],
  ])('%s: %s', (pattern, expected) => expect(consumesVariableText(pattern)).toBe(expected));
});
