/** Who can write where a group listens can stand in for it: the folder is the sidecar's alone, and no link leads elsewhere. */
import { chownSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { prepareRuntimeDir } from '../../src/groups/socket-path.ts';
import { SpoolRoom } from '../../src/proxy/spool-room.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

function place(): string {
  const folder = makeTemporaryFolder();
  onTestFinished(() => folder.remove());
  return join(folder.path, 'run');
}

describe('the runtime folder', () => {
  it('is made for its user alone, whatever the umask', async () => {
    const before = process.umask(0);
    const path = place();
    await prepareRuntimeDir(path).finally(() => process.umask(before));
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  it('is refused when it is a link to a folder that would do', async () => {
    const path = place();
    mkdirSync(`${path}-real`, { mode: 0o700 });
    symlinkSync(`${path}-real`, path);
    await expect(prepareRuntimeDir(path)).rejects.toThrow('is a symbolic link');
  });

  it.each([0o755, 0o750, 0o701, 0o770])('is refused when others may enter: mode %o', async (mode) => {
    const path = place();
    mkdirSync(path);
    const before = process.umask(0);
    mkdirSync(`${path}/x`, { mode });
    process.umask(before);
    await expect(prepareRuntimeDir(`${path}/x`)).rejects.toThrow('not 0700');
  });

  it.skipIf(process.geteuid?.() !== 0)('is refused when it is another user’s', async () => {
    const path = place();
    mkdirSync(path, { mode: 0o700 });
    chownSync(path, 65534, 65534);
    await expect(prepareRuntimeDir(path)).rejects.toThrow('belongs to user 65534');
  });
});

describe('a file for what slow clients have not taken', () => {
  it('is of the sidecar alone, has no name, and takes the place of none', async () => {
    const path = place();
    mkdirSync(path, { mode: 0o700 });
    const before = process.umask(0);
    onTestFinished(() => void process.umask(before));
    const room = new SpoolRoom(path, { warn: () => undefined });
    const file = await room.open();
    onTestFinished(() => file.close());
    const { mode, nlink } = await file.stat();
    expect([mode & 0o777, nlink, readdirSync(path)]).toEqual([0o600, 0, []]);
    writeFileSync(`${path}-other`, 'of others');
    symlinkSync(`${path}-other`, join(path, `spool-${process.pid}-2`));
    await expect(room.open()).rejects.toMatchObject({ code: 'EEXIST' });
  });
});
