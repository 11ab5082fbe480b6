/** The other servers with the real programs: what an application and its clients may rely on under each of them. */
import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RUNNER_TABLE } from '../../src/groups/runners/traits.ts';
import { isRunning } from '../support/descendants.ts';
import { openConnection, type send } from '../support/raw-http.ts';
import type { Sidecar } from '../support/sidecar.ts';
import { servedSite, serveSite } from './beside-apache.ts';

const RUNNERS = ['gunicorn', 'gunicorn-sync', 'uwsgi', 'waitress'] as const;

const STORY = `import os, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import config

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [config.SITE_NAME.encode("ascii")]
`;

const SHAPES = `import atexit, os, signal, sys, time

atexit.register(lambda: sys.stderr.write("left by %d\\n" % os.getpid()))

def application(environ, start_response):
    what = environ["PATH_INFO"][1:]
    headers = [("Content-Type", "text/plain")]
    if what == "pid":
        start_response("200 OK", headers)
        return [str(os.getpid()).encode("ascii")]
    if what == "count":
        size = 0
        for chunk in iter(lambda: environ["wsgi.input"].read(65536), b""):
            size += len(chunk)
        start_response("200 OK", headers)
        return [str(size).encode("ascii")]
    if what == "large":
        start_response("200 OK", headers)
        return (b"x" * 65536 for _ in range(64))
    if what == "short":
        start_response("200 OK", headers + [("Content-Length", "10")])
        return [b"half"]
    if what == "say":
        sys.stderr.write("said by the application\\n")
        start_response("204 No Content", [])
        return []
    if what == "raise":
        raise ValueError("broken")
    start_response("200 OK", headers)
    return stream(what)

def stream(what):
    try:
        yield b"begun"
        if what == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        while what == "gate" and not os.path.exists(os.path.join(os.path.dirname(__file__), "open")):
            time.sleep(0.01)
        if what == "raise-late":
            raise ValueError("broken")
        while what == "endless":
            yield b"x" * 65536
    finally:
        sys.stderr.write("closed %s\\n" % what)
`;

const FILES = {
  'apps/hoge/app.wsgi': STORY,
  'apps/hoge/config.py': "SITE_NAME = 'hoge'\n",
  'apps/moge/app.wsgi': STORY,
  'apps/moge/config.py': "SITE_NAME = 'moge'\n",
  'apps/shapes.wsgi': SHAPES,
};

const CONF = `<VirtualHost *:@PORT@>
    ServerName runners.test
    WSGIDaemonProcess story threads=2
    WSGIDaemonProcess shapes processes=2 threads=2
    WSGIScriptAlias /hoge @ROOT@/apps/hoge/app.wsgi process-group=story
    WSGIScriptAlias /moge @ROOT@/apps/moge/app.wsgi process-group=story
    WSGIScriptAlias /shapes @ROOT@/apps/shapes.wsgi process-group=shapes application-group=%{GLOBAL}
</VirtualHost>
`;

describe.each(RUNNERS)('a group under %s', (runner) => {
  const served = servedSite({
    conf: CONF,
    files: FILES,
    settings: { groups: { defaults: { runner } } },
  });

  const get: Sidecar['get'] = (host, path, options) => served.sidecar.get(host, path, options);
  const ask = (path: string, options = {}): ReturnType<typeof send> =>
    get('runners.test', `/shapes/${path}`, options);
  const saying = (text: string): Promise<string> =>
    served.sidecar.process.waitForLine((line) => line.includes(text));

  it('tells the story: each application with its own modules', async () => {
    expect((await get('runners.test', '/hoge')).text()).toBe('hoge');
    expect((await get('runners.test', '/moge')).text()).toBe('moge');
  });

  it('takes a large body', async () => {
    const body = Buffer.alloc(2_000_000, 'x');
    expect((await ask('count', { method: 'POST', body })).text()).toBe('2000000');
  });

  it('gives a large answer without a length, whole', async () => {
    const answer = await ask('large');
    expect([answer.status, answer.end, answer.body.length]).toEqual([200, 'chunked', 64 * 65_536]);
  });

  it('keeps the bodies of answers to HEAD to itself, and goes on', async () => {
    expect((await ask('large', { method: 'HEAD' })).status).toBe(200);
    expect((await ask('pid')).status).toBe(200);
  });

  it('tells an answer that is shorter than announced from a whole one', async () => {
    expect((await ask('short')).end).toBe('cut');
    expect((await ask('pid')).status).toBe(200);
  });

  it('answers for an application that raises, and breaks off where it had begun', async () => {
    expect((await ask('raise')).status).toBe(500);
    expect((await ask('raise-late')).end).toBe('cut');
  });

  it('writes what the application says to the log of the group', async () => {
    expect((await ask('say')).status).toBe(204);
    await saying('said by the application');
  });

  it('closes the answer of a client that leaves early', async () => {
    const client = openConnection({ port: served.sidecar.port });
    client.write('GET /shapes/endless HTTP/1.1\r\nHost: runners.test\r\n\r\n');
    await client.until('begun');
    client.end();
    await saying('closed endless');
    expect((await ask('pid')).status).toBe(200);
  });

  it('finishes what is in flight when a script changes, and runs the exit handlers', async () => {
    const script = join(served.site.folder.path, 'apps/shapes.wsgi');
    const client = openConnection({ port: served.sidecar.port });
    client.write('GET /shapes/gate HTTP/1.1\r\nHost: runners.test\r\nConnection: close\r\n\r\n');
    await client.until('begun');
    const old = (await ask('pid')).text();
    const past = new Date(Date.now() - 60_000);
    utimesSync(script, past, past);
    let now = old;
    while (now === old) now = (await ask('pid')).text();
    served.site.folder.write('apps/open', '');
    expect(await client.closed).toMatch(/\r\n0\r\n\r\n$/);
    await saying(`left by ${old}`);
  });

  it('breaks off an answer whose process is killed, and starts another one', async () => {
    const before = (await ask('pid')).text();
    const answer = await ask('kill');
    expect([answer.status, answer.end, answer.text()]).toEqual([200, 'cut', 'begun']);
    expect((await ask('pid')).text()).not.toBe(before);
  });
});

describe.each(RUNNERS)('the end of a sidecar under %s', (runner) => {
  it('by KILL leaves no process behind', async () => {
    const settings = { groups: { defaults: { runner } } };
    const { sidecar } = await serveSite({ conf: CONF, files: FILES, settings });
    const pid = Number((await sidecar.get('runners.test', '/shapes/pid')).text());
    expect(isRunning(pid)).toBe(true);
    process.kill(sidecar.process.pid, 'SIGKILL');
    await expect.poll(() => isRunning(pid)).toBe(false);
  });
});

describe('a late request', () => {
  // Each waits for timers of its own, so they wait side by side.
  it.concurrent.for(RUNNERS)(
    'is cut off under %s; where the table says so its stack is in the log',
    async (runner, { onTestFinished }) => {
      const times = 'threads=1 request-timeout=1 graceful-timeout=1 shutdown-timeout=1';
      const conf = CONF.replace('processes=2 threads=2', times);
      const settings = { groups: { defaults: { runner } } };
      const { sidecar } = await serveSite({ conf, files: FILES, settings }, onTestFinished);
      const late = openConnection({ port: sidecar.port });
      late.write('GET /shapes/gate HTTP/1.1\r\nHost: runners.test\r\n\r\n');
      expect(await late.closed).not.toMatch(/\r\n0\r\n\r\n$/);
      await sidecar.process.waitForLine((line) => line.includes('Group process has ended'));
      const { dumpsStacks } = RUNNER_TABLE[runner];
      expect(/apps\/shapes\.wsgi.*in stream/.test(sidecar.log())).toBe(dumpsStacks);
    },
  );
});

describe.each(RUNNERS)('the start under %s', (runner) => {
  it('that ends in a script says where it got to, and the process is tried again', async () => {
    const script = 'import os, sys\nsys.stderr.write("no licence\\n")\nsys.stderr.flush()\nos._exit(9)\n';
    const conf = CONF.replace(
      '<VirtualHost',
      'WSGIImportScript @ROOT@/apps/hoge/app.wsgi process-group=story application-group=runners.test|/hoge\n<VirtualHost',
    );
    const settings = { groups: { defaults: { runner } } };
    const files = { ...FILES, 'apps/hoge/app.wsgi': script };
    const { sidecar } = await serveSite({ conf, files, settings });
    expect((await sidecar.get('runners.test', '/hoge')).status).toBe(503);
    const groups = await sidecar.ask('/api/groups');
    expect(groups.text()).toContain('no licence');
    expect(groups.text()).toContain('Ended with status 9');
  });
});
