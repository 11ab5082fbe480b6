/** Sockets that systemd opens: the real systemd-socket-activate, and a holder that restarts the service as systemd would. */
import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import { builtProgram } from '../support/build.ts';
import { descendantsOf, isRunning } from '../support/descendants.ts';
import { reservePort } from '../support/port.ts';
import { send, type Target } from '../support/raw-http.ts';
import { type RealProcess, startProcess } from '../support/real-process.ts';
import { runSidecar, SYSTEM_PYTHON } from '../support/sidecar.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const APPLICATION = `import os
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello " + str(os.getpid()).encode()]
`;

let folder: TemporaryFolder;
let running: RealProcess | undefined;

beforeAll(async () => {
  folder = makeTemporaryFolder();
  folder.write('app.wsgi', APPLICATION);
  folder.write(
    'apache.conf',
    `User www-data\nGroup www-data\nListen 127.0.0.1:80\nServerName a.test\nWSGIScriptAlias / ${folder.path}/app.wsgi\n`,
  );
  await builtProgram();
});
afterEach(async () => {
  await running?.kill();
  running = undefined;
});
afterAll(() => folder?.remove());

type Places = { readonly port: number; readonly admin: number; readonly path: string };

async function newPlaces(): Promise<Places> {
  const port = await reservePort();
  return { port, admin: await reservePort(), path: `${folder.path}/front-${port}.sock` };
}

/** The command line of a sidecar, which `systemd-socket-activate` starts without any environment. */
async function sidecarOn(listen: readonly unknown[], admin: number): Promise<string[]> {
  const settings = {
    apache: `${folder.path}/apache.conf`,
    listen,
    admin: { listen: `127.0.0.1:${admin}` },
    runtimeDir: `${folder.path}/run-${admin}`,
    python: SYSTEM_PYTHON,
    log: { format: 'json' },
  };
  const config = folder.write(`sidecar-${admin}.yaml`, JSON.stringify(settings));
  return [process.execPath, await builtProgram(), 'run', '--config', config];
}

const ask = async (target: Target): Promise<string> =>
  (await send(target, '/', { headers: { Host: 'a.test' } })).text();

/** The listening sockets among a process's descriptors, as /proc names them. */
function socketsOf(pid: number): readonly string[] {
  const links = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return [];
    }
  });
  return links.filter((link) => link.startsWith('socket:'));
}

describe('wsgi-sidecar run under systemd-socket-activate', () => {
  it('serves the sockets that it is given, TCP by address and Unix by name, and its admin side too', async () => {
    const { port, admin, path } = await newPlaces();
    const words = await sidecarOn(
      [
        { bind: `127.0.0.1:${port}`, as: '*:80' },
        { bind: 'systemd:front', as: '*:80' },
      ],
      admin,
    );
    const places = [`127.0.0.1:${port}`, `127.0.0.1:${admin}`, path].flatMap((place) => ['-l', place]);
    running = startProcess('systemd-socket-activate', [
      ...places,
      '--fdname=web:admin:front',
      '--',
      ...words,
    ]);
    await running.waitForLine((line) => line.includes('Listening on') && line.includes(path));
    // The first connection starts the sidecar, and waits in the kernel's backlog until it is ready.
    expect(await ask({ port })).toMatch(/^hello \d+$/);
    expect(await ask({ socketPath: path })).toMatch(/^hello \d+$/);
    expect((await send({ port: admin }, '/readyz', { headers: { Host: '127.0.0.1' } })).status).toBe(200);
    expect(running.lines.join('\n')).not.toContain('No listener wants');
  });

  it('hands them on to its successor, and leaves the file of a Unix socket to systemd', async () => {
    const { admin, path } = await newPlaces();
    const words = await sidecarOn([{ bind: 'systemd:front', as: '*:80' }], admin);
    running = startProcess('systemd-socket-activate', ['-l', path, '--fdname=front', '--', ...words]);
    await running.waitForLine((line) => line.includes('Listening on'));
    expect(await ask({ socketPath: path })).toMatch(/^hello/);
    const { stdout } = await runSidecar('upgrade', '--json', '--config', words.at(-1) ?? '');
    const { pid } = JSON.parse(stdout) as { pid: number };
    expect(await ask({ socketPath: path })).toMatch(/^hello/);
    process.kill(pid, 'SIGTERM');
    while (isRunning(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(statSync(path).isSocket()).toBe(true);
  });

  it('hands no descriptor and no variable of the activation to its children', async () => {
    const { port, admin } = await newPlaces();
    const words = await sidecarOn([{ bind: `127.0.0.1:${port}`, as: '*:80' }], admin);
    running = startProcess('systemd-socket-activate', ['-l', `127.0.0.1:${port}`, '--', ...words]);
    await running.waitForLine((line) => line.includes('Listening on'));
    expect(await ask({ port })).toMatch(/^hello/);
    const own = new Set(socketsOf(running.pid));
    const children = descendantsOf(running.pid);
    expect(children.length).toBeGreaterThan(1);
    for (const { pid } of children) {
      // Pipes of Node are socket pairs: one end of each is the child's, never the same.
      expect(socketsOf(pid).filter((socket) => own.has(socket))).toEqual([]);
    }
  });

  it('closes a socket that no listener wants, and says so', async () => {
    const { port, admin } = await newPlaces();
    const other = await reservePort();
    const words = await sidecarOn([{ bind: `127.0.0.1:${port}`, as: '*:80' }], admin);
    const places = ['-l', `127.0.0.1:${port}`, '-l', `127.0.0.1:${other}`];
    running = startProcess('systemd-socket-activate', [...places, '--', ...words]);
    await running.waitForLine((line) => line.includes('Listening on') && line.includes(String(other)));
    expect(await ask({ port })).toMatch(/^hello/);
    await running.waitForLine((line) => line.includes(`No listener wants the inherited socket`));
    await expect(ask({ port: other })).rejects.toThrow();
  });

  it('names the socket that systemd has not passed, and the line to write', async () => {
    const { port, admin } = await newPlaces();
    const words = await sidecarOn([{ bind: 'systemd:web', as: '*:80' }], admin);
    running = startProcess('systemd-socket-activate', ['-l', `127.0.0.1:${port}`, '--', ...words]);
    await running.waitForLine((line) => line.includes('Listening on'));
    const asked = ask({ port }).catch(() => undefined);
    expect((await running.exited).code).toBe(4);
    await asked;
    expect(running.lines.join('\n')).toContain('FileDescriptorName=web');
  });
});

describe('a restart of a sidecar whose sockets another process holds', () => {
  it('loses no connection, and leaves the file of a Unix socket where it is', async () => {
    const { port, admin, path } = await newPlaces();
    const words = await sidecarOn(
      [
        { bind: `127.0.0.1:${port}`, as: '*:80' },
        { bind: `unix:${path}`, as: '*:80' },
      ],
      admin,
    );
    const holder = join(packageRoot(), 'test/fixtures/parent/socket-holder.py');
    running = startProcess(SYSTEM_PYTHON, [holder, `127.0.0.1:${port}`, path, '--', ...words]);
    const { ino } = await running.waitForLine((line) => line.startsWith('run ')).then(() => statSync(path));
    const pids: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      const line = await running.waitForLine(
        (text) => /^run \d+$/.test(text) && !pids.includes(Number(text.slice(4))),
      );
      const pid = Number(line.slice(4));
      pids.push(pid);
      await running.waitForLine(
        (text) => text.includes('Sidecar is ready') && text.includes(`"pid":${pid},`),
      );
      const asked = Array.from({ length: 20 }, (_, index) => {
        if (index === 8) process.kill(pid, 'SIGTERM');
        return ask(index % 2 === 0 ? { port } : { socketPath: path });
      });
      for (const answer of await Promise.all(asked)) expect(answer).toMatch(/^hello \d+$/);
    }
    expect(statSync(path).ino).toBe(ino);
  });
});
