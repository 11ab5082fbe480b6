import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prepareRuntimeDir, socketPath } from '../../src/groups/socket-path.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const IS_ROOT = process.geteuid?.() === 0;

let folder: TemporaryFolder;

beforeEach(() => {
  folder = makeTemporaryFolder();
});

afterEach(() => folder.remove());

describe('prepareRuntimeDir()', () => {
  it('makes a folder that only its user may enter, and takes it again', async () => {
    const path = join(folder.path, 'a/run');
    expect(await prepareRuntimeDir(path)).toBe(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(await prepareRuntimeDir(path)).toBe(path);
  });

  it.each([
    ['a symbolic link', 'is a symbolic link', (path: string) => symlinkSync('/tmp', path)],
    ['a file', 'cannot be made: file already exists', (path: string) => writeFileSync(path, '')],
    ['open to others', 'has mode 0755, not 0700', (path: string) => mkdirSync(path, { mode: 0o755 })],
    [
      'below a file',
      'cannot be made: not a directory',
      (path: string) => writeFileSync(join(path, '..'), ''),
    ],
  ])('refuses what is %s, and says what to set', async (what, problem, make) => {
    const path = what === 'below a file' ? join(folder.path, 'file/run') : join(folder.path, 'run');
    make(path);
    await expect(prepareRuntimeDir(path)).rejects.toMatchObject({
      code: 'ERR_RUNTIME_DIR',
      message: `Runtime folder "${path}" ${problem}: set "runtimeDir" to a folder that only this user may enter`,
    });
  });

  it('refuses a folder that cannot be anywhere', async () => {
    await expect(prepareRuntimeDir('/proc/wsgi-sidecar')).rejects.toThrow(
      'cannot be made: no such file or directory',
    );
  });

  it.runIf(IS_ROOT)('refuses a folder of another user', async () => {
    const path = join(folder.path, 'run');
    mkdirSync(path, { mode: 0o700 });
    chownSync(path, 65534, 65534);
    await expect(prepareRuntimeDir(path)).rejects.toThrow('belongs to user 65534, not to user 0');
  });

  it('takes a folder whose sockets just fit an address, and none that is longer', async () => {
    const room = 107 - 31 - folder.path.length - 1;
    const fitting = join(folder.path, 'x'.repeat(room));
    expect(await prepareRuntimeDir(fitting)).toBe(fitting);
    expect(socketPath(fitting, '0123456789ab', { pid: 2 ** 22, sequence: 36 ** 6 - 1 })).toHaveLength(107);
    await expect(prepareRuntimeDir(`${fitting}x`)).rejects.toThrow('is longer than the 76 bytes');
  });

  it('removes sockets that nobody listens to, and nothing else', async () => {
    const path = await prepareRuntimeDir(join(folder.path, 'run'));
    const [stale, live] = [1, 2].map((sequence) =>
      socketPath(path, '0123456789ab', { pid: 2 ** 22 + 1, sequence }),
    );
    const server = createServer().listen(live);
    await once(server, 'listening');
    // A server that is killed leaves its socket.
    const killed = spawn(process.execPath, [
      '-e',
      `require('net').createServer().listen(${JSON.stringify(stale)}, () => process.kill(process.pid, 'SIGKILL'))`,
    ]);
    await once(killed, 'exit');
    writeFileSync(join(path, 'note.txt'), '');
    expect(readdirSync(path)).toHaveLength(3);
    await prepareRuntimeDir(path);
    expect(readdirSync(path).sort()).toEqual([basename(live ?? ''), 'note.txt']);
    server.close();
  });

  it('leaves alone what another sidecar that runs has bound and does not listen on yet', async () => {
    const path = await prepareRuntimeDir(join(folder.path, 'run'));
    const socket = socketPath(path, '0123456789ab', { pid: process.ppid, sequence: 1 });
    const bind = `import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])`;
    await once(spawn('python3', ['-c', bind, socket]), 'exit');
    await prepareRuntimeDir(path);
    expect(readdirSync(path)).toEqual([basename(socket)]);
  });
});
