/** Real descriptors, handed to a process of the test as systemd does: from number 3 on. */
import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import { builtProgram } from '../support/build.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

let folder: TemporaryFolder;
let servers: Server[];

beforeAll(() => builtProgram());

beforeEach(() => {
  folder = makeTemporaryFolder();
  servers = [];
});
afterEach(() => {
  for (const server of servers) server.close();
  folder.remove();
});

async function listening(where: { host: string; port: number } | { path: string }): Promise<Server> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(where, resolve));
  return server;
}

const portOf = (server: Server): number => (server.address() as { port: number }).port;

/** What `takeActivation` makes of the descriptors in a process that has them, and of its variables. */
async function activated(
  given: readonly Server[],
  variables: Readonly<Record<string, string>>,
): Promise<{ sockets: unknown[]; left: string[] }> {
  const program = `
    const { takeActivation } = await import(${JSON.stringify(join(packageRoot(), 'dist/src/supervisor/activation.js'))});
    const environment = { ...process.env };
    if (environment.LISTEN_PID === 'itself') environment.LISTEN_PID = String(process.pid);
    const sockets = takeActivation(environment, process.pid);
    console.log(JSON.stringify({ sockets, left: Object.keys(environment).filter((name) => name.startsWith('LISTEN')) }));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'pipe', 'inherit', ...given.map((server) => descriptorOf(server))],
  });
  let text = '';
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) text += chunk.toString();
  return JSON.parse(text) as { sockets: unknown[]; left: string[] };
}

function descriptorOf(server: Server): number {
  return (server as unknown as { _handle: { fd: number } })._handle.fd;
}

describe('takeActivation()', () => {
  it('knows each descriptor by address and name', async () => {
    const given = [
      await listening({ host: '127.0.0.1', port: 0 }),
      await listening({ host: '::1', port: 0 }),
      await listening({ host: '::', port: 0 }),
      await listening({ path: `${folder.path}/front.sock` }),
    ];
    const [first, second, third] = given.slice(0, 3).map(portOf);
    const { sockets, left } = await activated(given, {
      LISTEN_PID: 'itself',
      LISTEN_FDS: '4',
      LISTEN_FDNAMES: 'web::wide:front',
    });
    expect(sockets).toEqual([
      { fd: 3, address: `127.0.0.1:${first}`, name: 'web', ownsFile: false },
      { fd: 4, address: `[::1]:${second}`, name: '', ownsFile: false },
      { fd: 5, address: `[::]:${third}`, name: 'wide', ownsFile: false },
      { fd: 6, address: `unix:${folder.path}/front.sock`, name: 'front', ownsFile: false },
    ]);
    expect(left).toEqual([]);
  });

  it('takes nothing that is meant for another process, and still hides it from its children', async () => {
    const given = [await listening({ host: '127.0.0.1', port: 0 })];
    const answer = await activated(given, { LISTEN_PID: '1', LISTEN_FDS: '1', LISTEN_FDNAMES: 'web' });
    expect(answer).toEqual({ sockets: [], left: [] });
  });

  it("takes none of Node's own descriptors where the number says too much", async () => {
    const given = [await listening({ path: `${folder.path}/front.sock` })];
    const variables = { LISTEN_PID: 'itself', LISTEN_FDS: '900', LISTEN_FDNAMES: 'one:two' };
    const { sockets } = await activated(given, variables);
    expect(sockets).toEqual([
      { fd: 3, address: `unix:${folder.path}/front.sock`, name: 'one', ownsFile: false },
    ]);
  });
});
