/** The WSGI applications under `apps/`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/package-root.ts';
import type { Stage } from './stage.ts';

/** What `hello.py` and `imports.py` answer. */
export const helloBody = 'Hello from a WSGI application\n';

/** Copies an application to where Apache's user can read it, and returns its path. */
export function placeApplication(stage: Stage, name: string): string {
  const source = join(packageRoot(), 'test', 'bench', 'apps', name);
  return stage.write(join('apps', name), readFileSync(source, 'utf8'));
}
