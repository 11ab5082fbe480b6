/** The longest heads that the settings allow reach an application, whatever the sidecar adds to them. */
import { describe, expect, it } from 'vitest';
import { servedSite } from './beside-apache.ts';

const APPLICATION = `def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [("%d %d" % (len(environ["PATH_INFO"]), len(environ.get("HTTP_X_LONG", "")))).encode("ascii")]
`;

const MOST = 256 * 1024;
/** What stands in a head besides. */
const REST = 200;

describe('a head of 256 KiB', () => {
  const served = servedSite({
    conf: 'WSGIScriptAlias / @ROOT@/apps/app.wsgi\n',
    files: { 'apps/app.wsgi': APPLICATION },
    settings: { limits: { head: '256K', requestLine: '256K', headerField: '256K' } },
  });

  it('comes to its application with a long field', async () => {
    const value = 'x'.repeat(MOST - REST);
    const answer = await served.sidecar.get('main.test', '/', { headers: { 'X-Long': value } });
    expect([answer.status, answer.text()]).toEqual([200, `1 ${value.length}`]);
  });

  it('comes to its application with a long path that has to be written at length', async () => {
    const count = Math.floor((MOST - REST) / 3);
    const answer = await served.sidecar.get('main.test', `/${'%01'.repeat(count)}`);
    expect([answer.status, answer.text()]).toEqual([200, `${count + 1} 0`]);
  });
});
