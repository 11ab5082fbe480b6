/** `watch: true`: a running sidecar reloads when a file of its configuration changes, and only then. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runSidecar, type Sidecar, startSidecar } from '../support/sidecar.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const APPLICATION = `def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]
`;

const CONF = `Listen 127.0.0.1:80
<VirtualHost *:80>
    ServerName site.test
    WSGIScriptAlias /shop @ROOT@/app.wsgi
    IncludeOptional @ROOT@/more/*.conf
</VirtualHost>
`;

let folder: TemporaryFolder;
let sidecar: Sidecar;

describe('watch: true', () => {
  /** The log line of the next reload that nobody has asked for. */
  const nextReload = (): Promise<string> => {
    const from = sidecar.process.lines.length;
    const isDone = (line: string): boolean => /Configuration reloaded|Reload refused/.test(line);
    return sidecar.process.waitForLine(isDone, 'reload', from);
  };

  /** Changes the settings file. */
  const set = (key: string, value: unknown): void => {
    const written = JSON.parse(readFileSync(sidecar.config, 'utf8')) as object;
    writeFileSync(sidecar.config, JSON.stringify({ ...written, [key]: value }));
  };

  beforeEach(async () => {
    folder = makeTemporaryFolder();
    folder.write('app.wsgi', APPLICATION);
    folder.write('more/a.conf', '');
    const apache = folder.write('apache.conf', CONF.replaceAll('@ROOT@', folder.path));
    const settings = { groups: { defaults: { allowRoot: true } }, watch: true };
    sidecar = await startSidecar({ apache, as: '*:80', settings });
  });

  afterEach(async () => {
    await sidecar?.stop();
    folder?.remove();
  });

  it('reloads when a file is renamed over one of the configuration, and when one comes that IncludeOptional takes', async () => {
    expect((await sidecar.get('site.test', '/new')).status).toBe(404);
    const mount = `WSGIScriptAlias /new ${folder.path}/app.wsgi \n`;
    let reloaded = nextReload();
    folder.write('draft', mount);
    renameSync(`${folder.path}/draft`, `${folder.path}/more/a.conf`);
    expect(await reloaded).toContain('Configuration reloaded');
    expect((await sidecar.get('site.test', '/new')).status).toBe(200);
    reloaded = nextReload();
    folder.write('more/b.conf', mount.replace('/new', '/newer'));
    await reloaded;
    expect((await sidecar.get('site.test', '/newer')).status).toBe(200);
  });

  it('keeps the old one while a file is broken, and is silent about a text that it knows', async () => {
    let reloaded = nextReload();
    folder.write('more/a.conf', '<Location /x>\n');
    expect(await reloaded).toContain('Reload refused');
    expect((await sidecar.get('site.test', '/shop')).status).toBe(200);
    folder.write('more/a.conf', '<Location /x>\n');
    reloaded = nextReload();
    set('responseTimeout', '20s');
    folder.write('more/a.conf', '');
    expect(await reloaded).toContain('Configuration reloaded');
    const refused = sidecar.process.lines.filter((line) => line.includes('Reload refused'));
    expect(refused).toHaveLength(1);
  });

  it('goes with the settings: a reload that takes it away ends it', async () => {
    let reloaded = nextReload();
    set('watch', false);
    expect(await reloaded).toContain('Configuration reloaded');
    folder.write('more/a.conf', '<Location /x>\n');
    folder.write('more/a.conf', '');
    reloaded = nextReload();
    expect((await runSidecar('reload', '--config', sidecar.config)).code).toBe(0);
    expect(await reloaded).toContain('Configuration reloaded');
    expect(sidecar.log()).not.toContain('Reload refused');
  });
});
