/** Where the package lies, whether it runs compiled (`dist/src`) or from source (`src`). */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds `package.json`, `src/python` and `deploy`. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder)
      throw new Error('Cannot find package.json above the program: reinstall wsgi-sidecar');
    folder = parent;
  }
  return folder;
}
