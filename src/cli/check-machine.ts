/**
 * Findings that the configuration's text cannot tell: scripts that are not there, interpreters and users that the machine lacks.
 * Byte strings, as all diagnostics.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fromBytes, toBytes } from '../apache/bytes.ts';
import type { Diagnostic } from '../apache/diagnostic.ts';
import { problemOf } from '../errors.ts';
import { interpreterOf } from '../groups/interpreter.ts';
import type { GroupPlan } from '../groups/plan.ts';
import { displayName } from '../routing/group-key.ts';
import type { Mount } from '../site/model.ts';

/** A configuration in which nothing is to be served: mostly a part of one, or that of another server. */
export function checkMounts(mounts: readonly Mount[]): Diagnostic[] {
  if (mounts.length > 0) return [];
  return [
    {
      severity: 'warning',
      id: 'mount-none',
      message:
        'Nothing in this configuration leads to a WSGI application: it has no script alias and no handler "wsgi-script"',
      advice: "Name Apache's main file, and enable the site that has the applications",
    },
  ];
}

/** Mounts whose script or folder does not exist: Apache would answer 404. */
export function checkScripts(mounts: readonly Mount[]): Diagnostic[] {
  return mounts
    .filter(({ kind, target }) => kind === 'alias' && !exists(fromBytes(target)))
    .map(({ target, mountPoint, position }) => ({
      severity: 'warning',
      id: 'script-missing',
      position,
      directive: 'WSGIScriptAlias',
      message: `Script "${target}" of "${mountPoint}" does not exist: its requests are answered with 404`,
      advice: 'Put the script there or correct the path',
    }));
}

/** Interpreters that are missing, too old, or closed to the user of their group; each combination is tried once. */
export function checkInterpreters(plans: readonly GroupPlan[], searchPath: string): Diagnostic[] {
  const tried = new Map<string, Diagnostic | undefined>();
  for (const plan of plans.filter(hasProcesses)) {
    const python = findProgram(interpreterOf(plan), searchPath);
    const key = JSON.stringify([python, plan.user]);
    if (!tried.has(key)) tried.set(key, tryInterpreter(python, plan));
  }
  return [...tried.values()].filter((finding) => finding !== undefined);
}

/** Groups for which root has no user to become: their applications do not start. */
export function checkRoot(plans: readonly GroupPlan[], root: boolean): Diagnostic[] {
  if (!root || plans.filter(hasProcesses).every(({ user, allowRoot }) => user !== undefined || allowRoot))
    return [];
  return [
    {
      severity: 'warning',
      id: 'user-missing',
      message:
        'Neither User nor WSGIDaemonProcess says as whom applications run: started as root, their groups answer 503',
      advice:
        'Set "groups: {defaults: {user: www-data}}", or "allowRoot: true" there if they are meant to run as root',
    },
  ];
}

/** The choice that was made where Apache has no numbers: embedded mode runs in whatever child answers. */
export function describeEmbedded(plans: readonly GroupPlan[]): Diagnostic[] {
  const choices = plans
    .filter(({ mode }) => mode === 'embedded')
    .map(({ processes, threads }) => `${processes} × ${threads}`);
  return [...new Set(choices)].map((choice) => ({
    severity: 'info',
    id: 'embedded-concurrency',
    message: toBytes(`Groups in embedded mode have processes × threads of ${choice}`),
    advice: 'To change it, set "groups: {defaults: {processes: N, threads: N}}"',
  }));
}

/** A program as the sidecar itself finds it in PATH, whoever the group runs as. */
export function findProgram(name: string, searchPath: string): string {
  if (name.includes('/')) return name;
  const folders = searchPath.split(delimiter).filter((folder) => folder !== '');
  const found = folders.map((folder) => join(folder, name)).find(isExecutable);
  return found ?? name;
}

/** Whether this user may run the file. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Of a group that runs elsewhere nothing has to be on this machine. */
function hasProcesses({ runner }: GroupPlan): boolean {
  return runner.kind !== 'url';
}

const PROGRAM = 'import sys; print("%d.%d" % sys.version_info[:2])';

function tryInterpreter(python: string, plan: GroupPlan): Diagnostic | undefined {
  const group = `group "${displayName(fromBytes(plan.identity.applicationGroup))}" of process group "${displayName(fromBytes(plan.identity.processGroup))}"`;
  const user = plan.user === undefined ? undefined : fromBytes(plan.user);
  const ids = user === undefined ? {} : idsOf(user);
  if (ids === undefined)
    return finding(
      'user-unknown',
      `User "${user}" of ${group} does not exist`,
      'Create the user, or name another one in the configuration',
    );
  const run = spawnSync(python, ['-c', PROGRAM], { ...ids, cwd: '/', encoding: 'utf8', timeout: 30_000 });
  const code = (run.error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ENOENT')
    return finding(
      'python-missing',
      `Python "${python}" of ${group} does not exist`,
      'Install it, or name another one by "python" in the settings',
    );
  if (code !== undefined || run.status !== 0) {
    const why =
      run.error === undefined
        ? (lastLine(run.stderr) ?? `it ended with ${run.status ?? run.signal}`)
        : problemOf(run.error);
    const who = user === undefined ? 'this user' : `user "${user}"`;
    return finding(
      'python-unusable',
      `Python "${python}" of ${group} cannot be run by ${who}: ${why}`,
      'Name an interpreter that this user may read, such as /usr/bin/python3, by "python" in the settings',
    );
  }
  const version = run.stdout.trim();
  if (isSupported(version)) return undefined;
  return finding(
    'python-version',
    `Python "${python}" of ${group} is ${version}`,
    'Wanted 2.7, or 3.6 or later',
  );
}

function finding(id: string, message: string, advice: string): Diagnostic {
  return { severity: 'error', id, message: toBytes(message), advice };
}

function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major === 2 ? minor === 7 : major > 3 || (major === 3 && minor >= 6);
}

/** Ids as the system's own name service has them; a process may take them on only as root, which alone plans users. */
function idsOf(user: string): { readonly uid: number; readonly gid: number } | undefined {
  const ask = (flag: string): number => {
    const { status, stdout } = spawnSync('id', [flag, '--', user.replace(/^#/, '')], { encoding: 'utf8' });
    return status === 0 ? Number(stdout) : Number.NaN;
  };
  const [uid, gid] = [ask('-u'), ask('-g')];
  return Number.isNaN(uid) || Number.isNaN(gid) ? undefined : { uid, gid };
}

function lastLine(text: string | null): string | undefined {
  return text?.trim().split('\n').at(-1) || undefined;
}

/** A path that this user may not look at may well exist. */
function exists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}
