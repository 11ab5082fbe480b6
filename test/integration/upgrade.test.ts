/** One sidecar in the place of another, while clients keep asking. */
import { existsSync, statSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { GroupView, UpgradeView } from '../../routes/model.ts';
import { builtProgram } from '../support/build.ts';
import { descendantsOf, isRunning } from '../support/descendants.ts';
import { openConnection } from '../support/raw-http.ts';
import { startProcess } from '../support/real-process.ts';
import { runSidecar, type Sidecar, startSidecar } from '../support/sidecar.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { SLOW } from './slow-application.ts';

const HELLO = `import os
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [("hello %s %d" % (environ["QUERY_STRING"], os.getppid())).encode()]
`;

const RECEIVER = `import socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print("bound")
while True:
    print(receiver.recv(4096).decode().replace("\\n", " "))
`;

const isReadyOf = (line: string, pid: number): boolean =>
  line.includes('READY=1') && line.includes(`MAINPID=${pid}`);

const WAIT = `while not os.path.exists(os.path.join(os.path.dirname(__file__), "gate")):
    time.sleep(0.02)
`;

const CONF = `User www-data
Group www-data
Listen 127.0.0.1:80
ServerName shop.test
WSGIScriptAlias /hello @ROOT@/hello.wsgi
WSGIScriptAlias /slow @ROOT@/slow.wsgi
WSGIScriptAlias /folder/ @ROOT@/
`;

let folder: TemporaryFolder;
let conf: string;
let sidecar: Sidecar;
const successors: number[] = [];

beforeAll(() => builtProgram());
afterAll(() => folder?.remove());
afterEach(async () => {
  // The transcript of the first ends when nobody holds its output any more.
  for (const pid of successors.splice(0)) kill(pid);
  await sidecar.stop();
  folder.remove();
});

async function start(environment: Readonly<Record<string, string>> = {}): Promise<void> {
  folder = makeTemporaryFolder();
  folder.write('hello.wsgi', HELLO);
  folder.write('slow.wsgi', SLOW);
  conf = folder.write('apache.conf', CONF.replaceAll('@ROOT@', folder.path));
  sidecar = await startSidecar({ apache: conf, as: '*:80', environment });
}

async function upgrade(): Promise<UpgradeView> {
  const { stdout, code, all } = await runSidecar('upgrade', '--json', '--config', sidecar.config);
  expect([code, all]).toEqual([0, all]);
  const done = JSON.parse(stdout) as UpgradeView;
  successors.push(done.pid);
  return done;
}

const groups = async (): Promise<readonly GroupView[]> =>
  (JSON.parse((await sidecar.ask('/api/groups')).text()) as { groups: readonly GroupView[] }).groups;

/** Asks again and again until told to stop; resolves with what was not answered right, and the sidecars that answered. */
function keepAsking(
  number: number,
  { agent, socketPath }: { agent: Agent | false; socketPath?: string },
): { stop(): Promise<{ asked: number; problems: string[]; by: Set<string> }> } {
  let isOver = false;
  const problems: string[] = [];
  const by = new Set<string>();
  let asked = 0;
  const run = async (): Promise<void> => {
    while (!isOver) {
      asked += 1;
      const answer = await ask(`/hello?${number}-${asked}`, { agent, ...(socketPath && { socketPath }) });
      const match = /^200 hello (\S+) (\d+)$/.exec(answer);
      if (match?.[1] === `${number}-${asked}`) by.add(match[2] ?? '');
      else problems.push(answer);
    }
  };
  const running = run();
  return {
    stop: async () => {
      isOver = true;
      await running;
      return { asked, problems, by };
    },
  };
}

function ask(
  path: string,
  { agent, socketPath }: { agent: Agent | false; socketPath?: string },
): Promise<string> {
  return new Promise((resolve) => {
    const where = socketPath === undefined ? { host: '127.0.0.1', port: sidecar.port } : { socketPath };
    const asked = request({ ...where, path, agent, headers: { host: 'shop.test' } }, (response) => {
      let text = `${response.statusCode} `;
      response.on('data', (piece: Buffer) => {
        text += piece.toString();
      });
      response.once('end', () => resolve(text));
      response.once('error', (error) => resolve(String(error)));
    });
    asked.once('error', (error) => resolve(String(error)));
    asked.end();
  });
}

async function ended(pid: number): Promise<void> {
  while (isRunning(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

describe('wsgi-sidecar upgrade', () => {
  it('loses no request, kept-alive or new, on TCP or on a Unix socket, however often it is done', async () => {
    await start();
    const agent = new Agent({ keepAlive: true });
    const ways = [{ agent }, { agent: false as const }].flatMap((way) => [
      way,
      { ...way, socketPath: sidecar.socketPath },
    ]);
    const clients = [...ways, ...ways].map((way, index) => keepAsking(index, way));
    await expect.poll(async () => (await groups()).some(({ state }) => state === 'ready')).toBe(true);
    const { ino } = statSync(sidecar.socketPath);
    const first = await upgrade();
    expect(first.predecessor.pid).toBe(sidecar.process.pid);
    // The first may still finish what it has.
    const second = await upgrade();
    expect(second.predecessor.pid).toBe(first.pid);
    await Promise.all([ended(sidecar.process.pid), ended(first.pid)]);
    await ask('/hello?last', { agent: false });
    const results = await Promise.all(clients.map((client) => client.stop()));
    agent.destroy();
    expect(results.flatMap(({ problems }) => problems)).toEqual([]);
    expect(new Set(results.flatMap(({ by }) => [...by]))).toContain(String(second.pid));
    expect(new Set(results.flatMap(({ by }) => [...by]))).toContain(String(sidecar.process.pid));
    expect(statSync(sidecar.socketPath).ino).toBe(ino);
    process.kill(second.pid, 'SIGTERM');
    await ended(second.pid);
    expect(existsSync(sidecar.socketPath)).toBe(false);
  });

  it('has the groups of the old sidecar ready before it serves, with the scripts that they had imported', async () => {
    await start();
    await sidecar.get('shop.test', '/hello');
    // A group that only a request makes.
    await sidecar.get('shop.test', '/folder/hello.wsgi');
    const before = (await groups()).filter(({ state }) => state === 'ready');
    expect(before).toHaveLength(2);
    const { pid } = await upgrade();
    const after = (await groups()).filter(({ state }) => state === 'ready');
    expect(after.map(({ id }) => id).sort()).toEqual(before.map(({ id }) => id).sort());
    expect(after[0]?.processes.length).toBe(1);
    expect(descendantsOf(pid).map((child) => child.pid)).toContain(after[0]?.processes[0]?.pid);
  });

  it('lets requests in flight end in the old one, and idle connections ask once more', async () => {
    await start();
    const busy = openConnection({ port: sidecar.port });
    busy.write('GET /slow HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n');
    await busy.until('begun');
    const idle = openConnection({ port: sidecar.port });
    idle.write('GET /hello?1 HTTP/1.1\r\nHost: shop.test\r\n\r\n');
    await idle.until('hello 1');
    await upgrade();
    expect(isRunning(sidecar.process.pid)).toBe(true);
    idle.write('GET /hello?2 HTTP/1.1\r\nHost: shop.test\r\n\r\n');
    const said = await idle.closed;
    expect(said).toContain(`hello 2 ${sidecar.process.pid}`);
    expect(said.slice(said.indexOf('hello 1'))).toMatch(/\r\nConnection: close\r\n/i);
    folder.write('gate', '');
    expect(await busy.closed).toContain('ended');
    await ended(sidecar.process.pid);
  });

  it.each([
    [
      'a configuration that cannot be read',
      (): unknown => folder.write('apache.conf', 'Listen 80\n<VirtualHost *:80>\n'),
      'apache.conf:2:',
    ],
    [
      'an application that does not import any more',
      (): unknown => folder.write('hello.wsgi', 'import no_such_module\n'),
      'hello.wsgi',
    ],
  ])('leaves the old one serving, and says why, where there is %s', async (_case, damage, told) => {
    await start();
    const before = (await sidecar.get('shop.test', '/hello?1')).text();
    damage();
    const refused = await runSidecar('upgrade', '--config', sidecar.config);
    expect(refused.code).toBe(1);
    expect(refused.all).toContain(told);
    expect(refused.all).toContain('the old sidecar goes on');
    expect(existsSync(sidecar.socketPath)).toBe(true);
    if (told !== 'hello.wsgi') expect((await sidecar.get('shop.test', '/hello?1')).text()).toBe(before);
    expect((await sidecar.ask('/readyz')).status).toBe(200);
    expect(descendantsOf(sidecar.process.pid).filter(({ command }) => command.includes('main.js'))).toEqual(
      [],
    );
  });

  it('leaves no process behind, whichever of the two is killed', async () => {
    await start();
    const busy = openConnection({ port: sidecar.port });
    busy.write('GET /slow HTTP/1.1\r\nHost: shop.test\r\n\r\n');
    await busy.until('begun');
    const ofOld = descendantsOf(sidecar.process.pid).map(({ pid }) => pid);
    const { pid } = await upgrade();
    const ofNew = descendantsOf(pid).map((child) => child.pid);
    expect(Math.min(ofOld.length, ofNew.length)).toBeGreaterThan(1);
    kill(sidecar.process.pid);
    for (const child of ofOld.filter((one) => one !== pid)) await ended(child);
    expect((await sidecar.get('shop.test', '/hello')).status).toBe(200);
    kill(pid);
    for (const child of ofNew) await ended(child);
    busy.end();
  });

  it('serves all the same when the old one dies before it was told', async () => {
    await start();
    await sidecar.get('shop.test', '/hello');
    folder.write('hello.wsgi', `import os, sys, time\nprint("begun")\nsys.stdout.flush()\n${WAIT}${HELLO}`);
    const asked = runSidecar('upgrade', '--config', sidecar.config);
    await sidecar.process.waitForLine((line) => line.includes('"begun"'));
    const successor = descendantsOf(sidecar.process.pid).find(({ command }) =>
      command.includes('main.js run'),
    );
    successors.push(successor?.pid ?? 0);
    kill(sidecar.process.pid);
    expect((await asked).code).toBe(1);
    const answer = sidecar.get('shop.test', '/hello?1');
    folder.write('gate', '');
    expect((await answer).text()).toBe(`hello 1 ${successor?.pid}`);
  });

  it('makes the new one the main process of a systemd unit, and says nothing of an end', async () => {
    const received = makeTemporaryFolder();
    const socket = `${received.path}/notify`;
    const receiver = startProcess('python3', ['-uc', RECEIVER, socket]);
    await receiver.waitForLine((line) => line === 'bound');
    await start({ NOTIFY_SOCKET: socket });
    await receiver.waitForLine((line) => isReadyOf(line, sidecar.process.pid));
    const { pid } = await upgrade();
    await receiver.waitForLine((line) => isReadyOf(line, pid));
    await ended(sidecar.process.pid);
    expect(receiver.lines.join('\n')).not.toContain('STOPPING');
    await receiver.kill();
    received.remove();
  });

  it('says where no sidecar answers', async () => {
    await start();
    const { code, all } = await runSidecar('upgrade', '--admin', '127.0.0.1:1');
    expect(code).toBe(1);
    expect(all).toContain('No sidecar answers on "127.0.0.1:1"');
  });
});
