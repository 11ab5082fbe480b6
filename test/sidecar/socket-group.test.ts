import { chmodSync, statSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { socketGroupOf } from '../../src/sidecar/socket-group.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const IS_ROOT = process.geteuid?.() === 0;

describe('socketGroupOf()', () => {
  let folder: TemporaryFolder;

  beforeEach(() => {
    folder = makeTemporaryFolder();
  });
  afterEach(() => folder.remove());

  it.runIf(IS_ROOT)("is Apache's group, by name or number", () => {
    const bind = `unix:${folder.path}/front.sock`;
    expect([socketGroupOf(bind, 'www-data'), socketGroupOf(bind, '#33')]).toEqual([33, 33]);
  });

  it('is nobody else where Apache has no group, or none that exists', () => {
    const bind = `unix:${folder.path}/front.sock`;
    expect([socketGroupOf(bind, undefined), socketGroupOf(bind, 'no-such-group')]).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('leaves a folder that names the group of its files its way', () => {
    chmodSync(folder.path, 0o2750);
    expect(statSync(folder.path).mode & 0o2000).toBe(0o2000);
    expect(socketGroupOf(`unix:${folder.path}/front.sock`, 'www-data')).toBeUndefined();
  });

  it('is of no matter to addresses of the network', () => {
    expect(socketGroupOf('127.0.0.1:80', 'www-data')).toBeUndefined();
  });
});
