/** The longest heads that the settings allow reach an application, whatever the sidecar adds to them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Sidecar, startSidecar } from '../support/sidecar.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const APPLICATION = `def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [("%d %d" % (len(environ["PATH_INFO"]), len(environ.get("HTTP_X_LONG", "")))).encode("ascii")]
`;

const MOST = 256 * 1024;
/** What stands in a head besides. */
const REST = 200;

describe('a head of 256 KiB', () => {
  let folder: TemporaryFolder;
  let sidecar: Sidecar;

  beforeAll(async () => {
    folder = makeTemporaryFolder();
    folder.write('app.wsgi', APPLICATION);
    const conf = `User www-data\nGroup www-data\nListen 80\nServerName long.test\nWSGIScriptAlias / ${folder.path}/app.wsgi\n`;
    sidecar = await startSidecar({
      apache: folder.write('apache.conf', conf),
      as: '*:80',
      settings: { limits: { head: '256K', requestLine: '256K', headerField: '256K' } },
    });
  });

  afterAll(async () => {
    await sidecar?.stop();
    folder?.remove();
  });

  it('comes to its application with a long field', async () => {
    const value = 'x'.repeat(MOST - REST);
    const answer = await sidecar.get('long.test', '/', { headers: { 'X-Long': value } });
    expect([answer.status, answer.text()]).toEqual([200, `1 ${value.length}`]);
  });

  it('comes to its application with a long path that has to be written at length', async () => {
    const count = Math.floor((MOST - REST) / 3);
    const answer = await sidecar.get('long.test', `/${'%01'.repeat(count)}`);
    expect([answer.status, answer.text()]).toEqual([200, `${count + 1} 0`]);
  });
});
