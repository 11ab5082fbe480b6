/** Findings about what runs a group in the place of the built-in worker: whether it is there, and what it cannot do. Byte strings. */
import { spawnSync } from 'node:child_process';
import { fromBytes, toBytes } from '../apache/bytes.ts';
import type { Diagnostic } from '../apache/diagnostic.ts';
import { interpreterOf } from '../groups/interpreter.ts';
import type { GroupPlan } from '../groups/plan.ts';
import { lostOptions, RUNNER_TABLE } from '../groups/runners/traits.ts';
import { displayName } from '../routing/group-key.ts';
import { findProgram, isExecutable } from './check-machine.ts';

/** Each program and each module of an interpreter is looked for once. */
export function checkRunners(plans: readonly GroupPlan[], searchPath: string): Diagnostic[] {
  const looked = new Map<string, boolean>();
  const missing = plans.filter((plan) => {
    const [where, what] = wantOf(plan, searchPath);
    const key = JSON.stringify([where, what]);
    if (!looked.has(key)) looked.set(key, isThere(where, what));
    return looked.get(key) === false;
  });
  return [...missing.map(describeMissing), ...plans.flatMap(describeLost)];
}

/** A module of an interpreter, or a program; neither where nothing has to be there. */
function wantOf(plan: GroupPlan, searchPath: string): readonly [where: string, what: string] {
  const { runner } = plan;
  switch (runner.kind) {
    case 'gunicorn':
    case 'gunicorn-sync':
      return [findProgram(interpreterOf(plan), searchPath), 'gunicorn'];
    case 'waitress':
      return [findProgram(interpreterOf(plan), searchPath), 'waitress'];
    case 'uwsgi':
      return [findProgram('uwsgi', searchPath), ''];
    case 'command': {
      const program = fromBytes(runner.command[0] ?? '');
      // What the place or a path of the group's own tells cannot be looked for here.
      return program.startsWith('/') && plan.chroot === undefined ? [program, ''] : ['', ''];
    }
    default:
      return ['', ''];
  }
}

function isThere(where: string, what: string): boolean {
  if (where === '') return true;
  if (what === '') return isExecutable(where);
  // An interpreter that cannot be run at all has a finding of its own.
  const program = 'import importlib, sys; importlib.import_module(sys.argv[1])';
  const run = spawnSync(where, ['-c', program, what], { cwd: '/', stdio: 'ignore', timeout: 30_000 });
  return run.status !== 1;
}

function describeMissing(plan: GroupPlan): Diagnostic {
  const { runner } = plan;
  const isCommand = runner.kind === 'command';
  const what = isCommand ? `Program "${fromBytes(runner.command[0] ?? '')}"` : `Runner "${runner.kind}"`;
  const advice = isCommand
    ? 'Correct "command" of the group'
    : `Install it (Debian: ${RUNNER_TABLE[runner.kind].needs.replaceAll('`', '')}; or into the group's virtual environment), or choose another "runner"`;
  return {
    severity: 'error',
    id: 'runner-missing',
    message: toBytes(`${what} of ${nameOf(plan)} is not there`),
    advice,
  };
}

function describeLost(plan: GroupPlan): Diagnostic[] {
  const lost = lostOptions(plan);
  if (lost.length === 0) return [];
  const names = lost.join(', ');
  return [
    {
      severity: 'warning',
      id: 'runner-option',
      message: toBytes(`Without effect for ${nameOf(plan)} under "${plan.runner.kind}": ${names}`),
      advice: 'See the table of runners in the manual; the built-in worker honours them',
    },
  ];
}

function nameOf({ identity }: GroupPlan): string {
  const [group, processGroup] = [identity.applicationGroup, identity.processGroup].map((name) =>
    displayName(fromBytes(name)),
  );
  return `group "${group}" of process group "${processGroup}"`;
}
