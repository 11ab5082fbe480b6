/** Real processes in the place of a successor; the one that serves is tested in test/integration/upgrade.test.ts. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import type { Inheritance } from '../../src/supervisor/inheritance.ts';
import { type SuccessionOutcome, startSuccessor } from '../../src/supervisor/successor.ts';
import { builtProgram } from '../support/build.ts';
import { isRunning } from '../support/descendants.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const NOTHING: Inheritance = { sockets: [], groups: [], predecessors: [] };

let folder: TemporaryFolder;

beforeAll(() => builtProgram());
beforeEach(() => {
  folder = makeTemporaryFolder();
});
afterEach(() => folder.remove());

/** A module program that meets its predecessor as the sidecar does, then runs `body`. */
function succeed(
  body: string,
  more: { inheritance?: Inheritance; timeoutMs?: number; signal?: AbortSignal; program?: string } = {},
): Promise<SuccessionOutcome> {
  const module = join(packageRoot(), 'dist/src/supervisor/predecessor.js');
  const program = `
    import { writeFileSync } from 'node:fs';
    const { meetPredecessor } = await import(${JSON.stringify(module)});
    writeFileSync(${JSON.stringify(`${folder.path}/pid`)}, String(process.pid));
    const predecessor = await meetPredecessor(process.env);
    ${body}`;
  return startSuccessor(more.inheritance ?? NOTHING, {
    command: [more.program ?? process.execPath, '--input-type=module', '-e', program],
    environment: process.env,
    timeoutMs: more.timeoutMs ?? 30_000,
    signal: more.signal ?? new AbortController().signal,
  });
}

const pidOf = (): number => Number(readFileSync(`${folder.path}/pid`, 'utf8'));

describe('startSuccessor()', () => {
  it('hands over what there is, and lets the successor live on', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const fd = (server as unknown as { _handle: { fd: number } })._handle.fd;
    const groups = [
      { id: 'abc', identity: { processGroup: '', applicationGroup: 'a\xe9|' }, imported: ['/x'] },
    ];
    const sockets = [{ fd, address: '127.0.0.1:80', name: '*:80', ownsFile: false }];
    const outcome = await succeed(
      `const { readlinkSync } = await import('node:fs');
      const told = JSON.stringify({ ...predecessor, link: readlinkSync('/proc/self/fd/4'), env: process.env.WSGI_SIDECAR_PREDECESSOR });
      writeFileSync(${JSON.stringify(`${folder.path}/told`)}, told);
      setInterval(() => undefined, 1000);
      await predecessor.tellReady('1.2.3');`,
      { inheritance: { sockets, groups, predecessors: [7] } },
    );
    expect(outcome).toEqual({ kind: 'succeeded', pid: pidOf(), version: '1.2.3' });
    const told = JSON.parse(readFileSync(`${folder.path}/told`, 'utf8')) as Record<string, unknown>;
    expect(told).toMatchObject({
      pid: process.pid,
      inheritance: {
        predecessors: [7],
        groups,
        sockets: [{ fd: 4, address: '127.0.0.1:80', name: '*:80', ownsFile: false }],
      },
    });
    expect(told.link).toMatch(/^socket:/);
    expect(told).not.toHaveProperty('env');
    expect(isRunning(pidOf())).toBe(true);
    process.kill(pidOf(), 'SIGKILL');
    server.close();
  });

  it.each([
    [
      'says why it cannot serve',
      "await predecessor.tellFailed('no such file'); setInterval(() => undefined, 9999);",
      'no such file',
    ],
    ['ends with a code', 'process.exit(3);', 'ended with code 3'],
    ['is killed', "process.kill(process.pid, 'SIGSEGV');", 'ended with SIGSEGV'],
  ])('tells what became of one that %s, which has ended by then', async (_case, body, message) => {
    const outcome = await succeed(body);
    expect(outcome).toMatchObject({ kind: 'failed', message: expect.stringContaining(message) });
    expect(isRunning(pidOf())).toBe(false);
  });

  it('ends one that takes too long', async () => {
    const outcome = await succeed('setInterval(() => undefined, 9999);', { timeoutMs: 1500 });
    expect(outcome).toMatchObject({ kind: 'failed', message: expect.stringContaining('within 1.5 s') });
  });

  it('ends one that is not wanted any more', async () => {
    const over = new AbortController();
    const coming = succeed('setInterval(() => undefined, 9999);', { signal: over.signal });
    over.abort();
    expect(await coming).toMatchObject({ kind: 'failed', message: expect.stringContaining('told to end') });
  });

  it('tells that the program is not there', async () => {
    const outcome = await succeed('', { program: '/nonexistent/node' });
    expect(outcome).toMatchObject({ kind: 'failed', message: expect.stringContaining('ENOENT') });
  });
});
