/** The process that `launcher.py` makes of itself: it reads a start order and becomes what the order says. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { interpreterOf } from './interpreter.ts';
import type { GroupPlan } from './plan.ts';

/** Spawns it, in a session of its own, with pipes at descriptors 0 to 3; `pythonFolder` is where `launcher.py` lies. */
export function spawnLauncher(plan: GroupPlan, pythonFolder: string): ChildProcess {
  // -s keeps root's own site folder out of an application that runs as somebody else.
  const flags = plan.user === undefined ? [] : ['-s'];
  return spawn(interpreterOf(plan), [...flags, join(pythonFolder, 'launcher.py')], {
    cwd: '/',
    detached: true,
    env: { ...plan.environment },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
}
