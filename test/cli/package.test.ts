/** What `npm pack` ships: the program must run from it alone. */
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import { builtProgram } from '../support/build.ts';
import { mustRun } from '../support/real-process.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

let folder: TemporaryFolder | undefined;

afterEach(() => folder?.remove());

async function packedFiles(): Promise<readonly string[]> {
  const words = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const { stdout } = await mustRun('npm', words, { cwd: packageRoot() });
  const [packed] = JSON.parse(stdout) as readonly {
    readonly files: readonly { readonly path: string }[];
  }[];
  return packed?.files.map(({ path }) => path) ?? [];
}

describe('npm pack', () => {
  it('ships what runs, and nothing that tests are made of or running has made', async () => {
    await builtProgram();
    const files = await packedFiles();
    expect(files).toContain('src/python/launcher.py');
    expect(files.filter((path) => /__pycache__|\.pyc$|\.map$|(?:^|\/)test\//.test(path))).toEqual([]);
    const made = makeTemporaryFolder();
    folder = made;
    for (const path of files) {
      mkdirSync(dirname(join(made.path, path)), { recursive: true });
      cpSync(join(packageRoot(), path), join(made.path, path));
    }
    symlinkSync(join(packageRoot(), 'node_modules'), join(made.path, 'node_modules'));
    const conf = made.write('apache.conf', 'Listen 80\nServerName a.test\nWSGIScriptAlias / /srv/a.wsgi\n');
    const { stdout } = await mustRun(process.execPath, [
      join(made.path, 'dist/src/main.js'),
      'groups',
      '--apache',
      conf,
    ]);
    expect(stdout).toContain('a.test');
  });
});
