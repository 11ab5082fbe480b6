/** `groups` beside a running sidecar: what requests have made is not in the table, and that is said. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runSidecar, type Sidecar, startSidecar } from '../support/sidecar.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

let folder: TemporaryFolder;
let sidecar: Sidecar;

beforeAll(async () => {
  folder = makeTemporaryFolder();
  const script = folder.write('a.wsgi', 'def application(environ, start_response):\n    return []\n');
  const apache = folder.write(
    'apache.conf',
    `Listen 127.0.0.1:80\n<VirtualHost *:80>\nServerName a.test\nWSGIScriptAlias /a ${script}\n</VirtualHost>\n`,
  );
  const settings = { ports: [8081], groups: { defaults: { allowRoot: true } } };
  sidecar = await startSidecar({ apache, as: '*:80', settings });
});

afterAll(async () => {
  await sidecar?.stop();
  folder?.remove();
});

describe('wsgi-sidecar groups', () => {
  it('says that requests have made a group that the configuration does not make by itself', async () => {
    const groups = (...words: readonly string[]): ReturnType<typeof runSidecar> =>
      runSidecar('groups', '--config', sidecar.config, ...words);
    expect((await groups()).stdout).not.toContain('Not shown');
    await sidecar.get('a.test:8081', '/a');
    const { stdout } = await groups();
    expect(stdout).not.toContain('a.test:8081|/a');
    expect(stdout).toContain('Not shown: a group that requests to the running sidecar have made');
    expect((await groups('--live')).stdout).toContain('a.test:8081|/a');
    expect(JSON.parse((await groups('--json')).stdout)).toMatchObject({ live: true, others: 1 });
  });
});
