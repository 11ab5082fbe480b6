/** What becomes of requests when the process under them hangs, freezes or crashes: through the whole sidecar. */
import { chmodSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { send } from '../support/raw-http.ts';
import { type Sidecar, startSidecar } from '../support/sidecar.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const APPLICATION = `import os, signal, time
FOLDER = os.path.dirname(os.path.abspath(__file__))
def once(name):
    try:
        os.mkdir(os.path.join(FOLDER, name))
        return True
    except OSError:
        return False
def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/hang":
        time.sleep(1000)
    if path == "/freeze" and once("frozen"):
        os.kill(os.getpid(), signal.SIGSTOP)
        time.sleep(1000)
    if path == "/crash" and once("crashed"):
        os._exit(3)
    if path == "/crash-always":
        os._exit(3)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
`;

let folder: TemporaryFolder;
let sidecar: Sidecar;

beforeEach(async () => {
  folder = makeTemporaryFolder();
  folder.write('app.wsgi', APPLICATION);
  // The application writes there, whoever it runs as.
  chmodSync(folder.path, 0o777);
  const apache = folder.write(
    'apache.conf',
    `Listen 127.0.0.1:80
WSGIDaemonProcess shop threads=1 shutdown-timeout=1
WSGIDaemonProcess strict threads=1 request-timeout=1 shutdown-timeout=1
<VirtualHost *:80>
    ServerName site.test
    WSGIScriptAlias /strict ${folder.path}/app.wsgi process-group=strict application-group=main
    WSGIScriptAlias / ${folder.path}/app.wsgi process-group=shop application-group=main
</VirtualHost>
`,
  );
  const groups = { defaults: { allowRoot: true, frozenTimeout: '500ms' } };
  sidecar = await startSidecar({ apache, as: '*:80', settings: { groups } });
});

afterEach(async () => {
  await sidecar?.stop();
  folder?.remove();
});

async function metric(name: string): Promise<string[]> {
  const lines = (await sidecar.ask('/metrics')).text().split('\n');
  return lines.filter((line) => line.startsWith(`wsgi_sidecar_${name}`));
}

describe('a request under which its process', () => {
  it('hangs gets 504 and its stack in the log, and the next one another process', async () => {
    const before = (await sidecar.get('site.test', '/strict')).text();
    const hanging = sidecar.get('site.test', '/strict/hang');
    await expect
      .poll(() => metric('requests_in_flight'))
      .toContainEqual(expect.stringMatching(/"strict".* 1$/));
    const next = await sidecar.get('site.test', '/strict');
    expect((await hanging).status).toBe(504);
    const isStack = (line: string): boolean => /app\.wsgi.*line \d+ in application/.test(line);
    await sidecar.process.waitForLine(isStack, 'where the application hangs');
    expect([next.status, next.text() === before]).toEqual([200, false]);
    await expect
      .poll(() => metric('process_exits_total'))
      .toEqual([expect.stringMatching(/reason="request_timeout"} 1$/)]);
  });

  it('is stopped is answered by another one', async () => {
    expect((await sidecar.get('site.test', '/freeze')).status).toBe(200);
    expect(await metric('retries_total')).toEqual([expect.stringMatching(/result="answered"} 1$/)]);
  });

  it('crashes is answered by another one, once', async () => {
    expect((await sidecar.get('site.test', '/crash')).status).toBe(200);
    expect((await sidecar.get('site.test', '/crash-always')).status).toBe(502);
    // The end of a connection may be heard of before that of its process.
    const exits = (): Promise<string[]> => metric('process_exits_total');
    await expect.poll(exits).toEqual([expect.stringMatching(/reason="crash"} 3$/)]);
  });

  it('crashes gets 502 when it cannot be sent again', async () => {
    const post = { method: 'POST', body: 'x', headers: { host: 'site.test' } };
    const answer = await send({ port: sidecar.port }, '/crash', post);
    expect(answer.status).toBe(502);
    expect(await metric('upstream_errors_total')).toEqual([expect.stringMatching(/reason="truncated"} 1$/)]);
  });
});
