import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Lease, Place } from '../../../src/groups/lease.ts';
import { type Answer, send } from '../../support/raw-http.ts';
import { IS_ROOT, PYTHON, Stage } from '../stage.ts';

/** Serves where its argument says, in the ways that `command` knows. */
const SERVER = `
import os, socket, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/exit":
            os._exit(3)
        body = ("%s %s %d" % (sys.argv[1], os.environ.get("LISTEN_FDS"), os.geteuid())).encode()
        self.send_response(503 if self.path == "/ill" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    do_OPTIONS = do_GET
    def log_message(self, *words):
        pass

place = sys.argv[1]
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
server.socket.close()
if place.startswith("/"):
    server.socket = socket.socket(socket.AF_UNIX)
    server.socket.bind(place)
elif place == "3":
    server.socket = socket.socket(fileno=3)
else:
    server.socket = socket.create_server(("127.0.0.1", int(place)))
server.socket.listen()
print("serving", flush=True)
server.serve_forever()
`;

let stage: Stage;

afterEach(async () => {
  await stage.close();
});

async function open(place: string, settings: object = {}): Promise<Lease> {
  const command = [PYTHON, '-c', SERVER, place];
  stage = await Stage.open({ settings: { command, ...settings } });
  return await stage.lease();
}

function ask(lease: Lease, path = '/'): Promise<Answer> {
  const { tcp, socketPath } = lease.upstream;
  const place: Place = tcp ?? { socketPath };
  return send(place, path);
}

describe('a group with a command', () => {
  it('is served by a program that inherits a listening descriptor', async () => {
    const lease = await open('{fd}');
    const [place, fds, uid] = (await ask(lease)).text().split(' ');
    expect([place, fds]).toEqual(['3', '1']);
    if (IS_ROOT) expect(Number(uid)).not.toBe(0);
    expect(stage.log.map(({ message }) => message)).toContain('serving');
  });

  it('is served by a program that binds a port of this machine', async () => {
    const lease = await open('{port}');
    expect(lease.upstream.tcp).toEqual({ host: '127.0.0.1', port: expect.any(Number) });
    expect((await ask(lease)).text()).toMatch(new RegExp(`^${lease.upstream.tcp?.port} None`));
  });

  it('is served by a program that binds a socket of its own, and leaves no folder', async () => {
    const lease = await open('{socket}');
    const [path = ''] = (await ask(lease)).text().split(' ');
    expect(existsSync(path)).toBe(true);
    lease.release('answered');
    await stage.pool.stop();
    expect(existsSync(IS_ROOT ? dirname(path) : path)).toBe(false);
  });

  it.runIf(IS_ROOT)(
    'does not follow a link that the program has put in the place of its socket',
    async () => {
      const command = ['/bin/sh', '-c', 'ln -s "$1" "$0"; exec sleep 60', '{socket}', '/run/elsewhere.sock'];
      stage = await Stage.open({ settings: { command, startTimeoutMs: 500 } });
      const foreign = readdirSync(tmpdir()).filter((name) => name.startsWith('wsgi-sidecar-'));
      expect(await stage.refusal()).toMatchObject({ code: 'ERR_GROUP_START_FAILED' });
      expect(stage.snapshot().lastFailure?.message).toContain('there is no such socket');
      await stage.pool.stop();
      const left = readdirSync(tmpdir()).filter((name) => name.startsWith('wsgi-sidecar-'));
      expect(
        left.filter((name) => !foreign.includes(name) && existsSync(join(tmpdir(), name, 'app.sock'))),
      ).toEqual([]);
    },
  );

  it('is not ready before its health path is answered well', async () => {
    const command = [PYTHON, '-c', SERVER, '{fd}'];
    stage = await Stage.open({ settings: { command, healthPath: '/ill', startTimeoutMs: 1_500 } });
    const refusal = await stage.refusal();
    expect(refusal.message).toContain('"/ill" is answered with 503');
  });

  it('says which program cannot be run', async () => {
    stage = await Stage.open({ settings: { command: ['/nonexistent/server', '{fd}'] } });
    expect((await stage.refusal()).message).toContain('Cannot run "/nonexistent/server"');
  });

  it('tells how a program ended that did not come to answer', async () => {
    stage = await Stage.open({
      settings: { command: ['/bin/sh', '-c', 'echo no licence; exit 7', '{port}'] },
    });
    expect((await stage.refusal()).message).toMatch(/Ended with status 7 .*"no licence"/);
  });

  it('starts another process after one that ended', async () => {
    const lease = await open('{fd}');
    const ended = once(lease.upstream.closed, 'abort');
    await ask(lease, '/exit').catch(() => undefined);
    await ended;
    lease.release('failed');
    const next = await stage.lease();
    expect(next.upstream.pid).not.toBe(lease.upstream.pid);
    expect((await ask(next)).status).toBe(200);
  });
});
