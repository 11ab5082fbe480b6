/** All that was recorded of the real Apache: configurations with requests and answers. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/package-root.ts';

const folders = [
  join(packageRoot(), 'test', 'vectors'),
  join(packageRoot(), 'test', 'golden', 'site', 'recorded'),
];

/** Each scenario's name and folder. */
export const scenarios: readonly { readonly name: string; readonly path: string }[] = folders.flatMap(
  (folder) =>
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => ({ name, path: join(folder, name) })),
);
