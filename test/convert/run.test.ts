import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { runSidecar, type Sidecar, startSidecar } from '../support/sidecar.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

const folder = makeTemporaryFolder();
const script = folder.write(
  'app.wsgi',
  `def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    names = [environ["mod_wsgi.process_group"], environ["mod_wsgi.application_group"], environ["WHO"]]
    return [" ".join(names).encode("latin-1")]
`,
);
const apache = folder.write(
  'apache.conf',
  `Listen 80
<VirtualHost *:80>
    ServerName www.example.com
    WSGIDaemonProcess shop threads=2
    WSGIScriptAlias /shop ${script} process-group=shop application-group=%{GLOBAL}
    WSGIScriptAlias /cart ${script} process-group=shop application-group=%{SERVER}
    SetEnv WHO "café"
    Redirect /old /shop
</VirtualHost>
`,
);

describe('run on what convert wrote', () => {
  let sidecar: Sidecar;
  beforeAll(async () => {
    const output = join(folder.path, 'converted.yaml');
    const done = await runSidecar('convert', apache, '--output', output);
    expect(done.code).toBe(0);
    const { sites } = parse(readFileSync(output, 'utf8')) as { sites: unknown };
    const settings = { apache: undefined, sites, groups: { defaults: { allowRoot: true } } };
    sidecar = await startSidecar({ apache, as: '*:80', settings });
  });
  afterAll(async () => {
    await sidecar?.stop();
    folder.remove();
  });

  it.each([
    ['/shop', '200 shop  caf\xc3\xa9'],
    ['/cart', '200 shop www.example.com caf\xc3\xa9'],
    ['/none', '404'],
  ])('answers %s as Apache would', async (path, wanted) => {
    const answer = await sidecar.get('www.example.com', path);
    const body = answer.status === 200 ? ` ${answer.body.toString('latin1')}` : '';
    expect(`${answer.status}${body}`).toBe(wanted);
  });

  it('redirects as Apache would', async () => {
    const answer = await sidecar.get('www.example.com', '/old');
    expect(answer.status).toBe(302);
  });
});
