/**
 * The two things that Debian leaves to do for graphite-web (its README.Debian): the settings linked into the
 * package's Python folder, and a database that `_graphite` owns. What was not there before is taken away again.
 */
import { chownSync, existsSync, lstatSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { mustRun } from '../support/real-process.ts';

const SETTINGS = '/etc/graphite/local_settings.py';
const LINK = '/usr/lib/python3/dist-packages/graphite/local_settings.py';
const STATE = '/var/lib/graphite';
const DATABASE = `${STATE}/graphite.db`;

/** What the package brings for Apache; included as it is. */
export const GRAPHITE_CONF = '/usr/share/graphite-web/apache2-graphite.conf';

/** Sets graphite-web up and resolves with what undoes it. */
export async function setUpGraphite(): Promise<() => void> {
  const steps: (() => void)[] = [];
  const undo = (): void => {
    for (const step of steps.splice(0).reverse()) step();
  };
  try {
    linkSettings(steps);
    if (!existsSync(DATABASE)) await makeDatabase(steps);
  } catch (error) {
    undo();
    throw error;
  }
  return undo;
}

function linkSettings(undo: (() => void)[]): void {
  if (lstatSync(LINK, { throwIfNoEntry: false }) !== undefined) return;
  symlinkSync(SETTINGS, LINK);
  undo.push(() => rmSync(LINK, { force: true }));
}

async function makeDatabase(undo: (() => void)[]): Promise<void> {
  const before = statSync(STATE);
  undo.push(() => {
    rmSync(DATABASE, { force: true });
    chownSync(STATE, before.uid, before.gid);
  });
  const owner = await graphiteUser();
  chownSync(STATE, owner.uid, owner.gid);
  const words = ['-u', '_graphite', '--', 'graphite-manage', 'migrate', '--run-syncdb'];
  await mustRun('runuser', words, {
    cwd: '/',
    environment: {
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      GRAPHITE_SETTINGS_MODULE: 'graphite.local_settings',
    },
  });
}

/** The user that the package's WSGIDaemonProcess names. */
export async function graphiteUser(): Promise<{ readonly uid: number; readonly gid: number }> {
  const { stdout: uid } = await mustRun('id', ['-u', '_graphite']);
  const { stdout: gid } = await mustRun('id', ['-g', '_graphite']);
  return { uid: Number(uid), gid: Number(gid) };
}
