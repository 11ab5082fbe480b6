/** Which Python runs a group. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { GroupPlan } from './plan.ts';

const NAMES = ['python3', 'python', 'python2'];

/**
 * The interpreter of a plan: that of `python-home` where there is one (a virtual environment, whose own `bin/python`
 * sets its prefix), else `python`. Without an interpreter under `python-home` the first name is returned, so that the
 * start fails with a path that can be looked for.
 */
export function interpreterOf({ python, pythonHome }: GroupPlan): string {
  if (pythonHome === undefined) return python;
  const paths = NAMES.map((name) => join(pythonHome, 'bin', name));
  return paths.find((path) => existsSync(path)) ?? join(pythonHome, 'bin', 'python3');
}
