import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileProbe } from '../../src/supervisor/file-probe.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

describe('createFileProbe()', () => {
  let folder: TemporaryFolder;

  beforeEach(() => {
    folder = makeTemporaryFolder();
  });
  afterEach(() => folder.remove());

  it('tells files, folders, other things and nothing', () => {
    const file = folder.write('a.wsgi', 'x');
    const probe = createFileProbe();
    expect(probe.kind(file)).toBe('file');
    expect(probe.kind(folder.path)).toBe('directory');
    expect(probe.kind('/dev/null')).toBe('other');
    expect(probe.kind(join(folder.path, 'none'))).toBe('missing');
    expect(probe.kind(`${file}/below`)).toBe('missing');
    expect(probe.kind('/a\0b')).toBe('missing');
  });

  it('reads paths as bytes', () => {
    folder.write('日本.wsgi', 'x');
    const bytes = Buffer.from(join(folder.path, '日本.wsgi')).toString('latin1');
    expect(createFileProbe().kind(bytes)).toBe('file');
  });

  it.skipIf(process.getuid?.() === 0)('tells what may not be searched', () => {
    const closed = join(folder.path, 'closed');
    mkdirSync(closed);
    chmodSync(closed, 0o000);
    expect(createFileProbe().kind(join(closed, 'x'))).toBe('denied');
    chmodSync(closed, 0o755);
  });

  it('remembers an answer for a moment', () => {
    const file = folder.write('a.wsgi', 'x');
    const probe = createFileProbe();
    expect(probe.kind(file)).toBe('file');
    rmSync(file);
    expect(probe.kind(file)).toBe('file');
    expect(createFileProbe().kind(file)).toBe('missing');
  });

  it('remembers what it says of links and folders as long', () => {
    const file = folder.write('a.wsgi', 'x');
    const link = join(folder.path, 'link');
    symlinkSync(file, link);
    const probe = createFileProbe();
    expect(probe.details?.(link)).toMatchObject({ isLink: true });
    expect(probe.details?.(file)).toMatchObject({ isLink: false });
    expect(probe.list?.(folder.path)?.toSorted()).toEqual(['a.wsgi', 'link']);
    rmSync(link);
    expect(probe.details?.(link)).toMatchObject({ isLink: true });
    expect(probe.list?.(folder.path)).toContain('link');
    expect(createFileProbe().details?.(link)).toBeUndefined();
    expect(createFileProbe().list?.(folder.path)).toEqual(['a.wsgi']);
  });
});
