import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { nodeFileReader } from '../../src/apache/node-file-reader.ts';

const folder = mkdtempSync(join(tmpdir(), 'file-reader-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

mkdirSync(join(folder, 'sub'));
symlinkSync(join(folder, 'sub'), join(folder, 'link'));
symlinkSync(join(folder, 'gone'), join(folder, 'broken'));
/** Not UTF-8. */
const oddName = 'odd-\xe9\xff.conf';
writeFileSync(Buffer.from(join(folder, oddName), 'latin1'), Buffer.from([0x00, 0xff]));

describe('nodeFileReader', () => {
  it('reads the bytes of a file whose name is no UTF-8', () => {
    expect(nodeFileReader.read(`${folder}/${oddName}`)).toEqual({ bytes: Buffer.from([0x00, 0xff]) });
  });

  it('lists names as byte strings, and takes a link to a folder for no folder', () => {
    const listing = nodeFileReader.list(folder);
    const entries = 'entries' in listing ? [...listing.entries] : [];
    expect(entries.sort((left, right) => (left.name < right.name ? -1 : 1))).toEqual([
      { name: 'broken', isFolder: false },
      { name: 'link', isFolder: false },
      { name: oddName, isFolder: false },
      { name: 'sub', isFolder: true },
    ]);
  });

  it('follows links where it says what a path leads to', () => {
    const kinds = ['sub', 'link', 'broken', oddName].map((name) => nodeFileReader.kind(`${folder}/${name}`));
    expect(kinds).toEqual(['directory', 'directory', undefined, 'file']);
    expect(nodeFileReader.kind('/dev/null')).toBe('other');
  });

  it.each([
    ['gone', { reason: 'No such file or directory', missing: true }],
    ['sub', { reason: 'Is a directory', missing: false }],
    [`${oddName}/x`, { reason: 'Not a directory', missing: false }],
    ['nul\0', { reason: 'ERR_INVALID_ARG_VALUE', missing: false }],
  ])('says why %s cannot be read', (name, failure) => {
    expect(nodeFileReader.read(`${folder}/${name}`)).toEqual(failure);
  });

  it('says why a folder cannot be listed', () => {
    expect(nodeFileReader.list(`${folder}/gone`)).toEqual({
      reason: 'No such file or directory',
      missing: true,
    });
  });
});
