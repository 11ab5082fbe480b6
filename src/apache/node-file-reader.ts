/** The file system as a `FileReader`. The only file of this folder that touches it. */
import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import type { FileKind, FileReader, ReadFailure } from './file-reader.ts';

/** A `FileReader` of this machine's files. */
export const nodeFileReader: FileReader = {
  read(path) {
    try {
      return { bytes: readFileSync(Buffer.from(path, 'latin1')) };
    } catch (error) {
      return failureOf(error);
    }
  },
  list(path) {
    try {
      const found = readdirSync(Buffer.from(path, 'latin1'), { withFileTypes: true, encoding: 'buffer' });
      return { entries: found.map((entry) => ({ name: nameOf(entry), isFolder: entry.isDirectory() })) };
    } catch (error) {
      return failureOf(error);
    }
  },
  kind(path) {
    try {
      const status = statSync(Buffer.from(path, 'latin1'));
      if (status.isFile()) return 'file';
      return (status.isDirectory() ? 'directory' : 'other') satisfies FileKind;
    } catch {
      return undefined;
    }
  },
};

function nameOf(entry: Dirent<Buffer>): string {
  return entry.name.toString('latin1');
}

const words: Readonly<Record<string, string>> = {
  ENOENT: 'No such file or directory',
  EACCES: 'Permission denied',
  EISDIR: 'Is a directory',
  ENOTDIR: 'Not a directory',
  ELOOP: 'Too many levels of symbolic links',
  ENAMETOOLONG: 'File name too long',
};

function failureOf(error: unknown): ReadFailure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  return { reason: words[code] ?? code, missing: code === 'ENOENT' };
}
