/** Who can write where a group listens can stand in for it: the folder is the sidecar's alone, and no link leads elsewhere. */
import { chownSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { prepareRuntimeDir } from '../../src/groups/socket-path.ts';
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
