/** Folders for one test: made world-traversable, because group processes run as other users. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export type TemporaryFolder = {
  readonly path: string;
  /** Writes a file below the folder, with the folders on the way; returns its path. */
  write(name: string, content: string | Buffer): string;
  remove(): void;
};

export function makeTemporaryFolder(prefix = 'wsgi-sidecar-'): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), prefix));
  chmodSync(path, 0o755);
  return {
    path,
    write(name, content) {
      const file = join(path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      return file;
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
