/** Where group processes listen: a folder that only the sidecar's user may enter, and names that fit a socket address. */
import { lstat, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { problemOf, SidecarError } from '../errors.ts';

/** `sun_path` of Linux holds 108 bytes with the closing NUL (unix(7)). */
const SOCKET_PATH_BYTES = 107;
/** `/` + id (12) + `-` + pid (5) + `-` + sequence (6) + `.sock`; pid and sequence in base 36 */
const SOCKET_NAME_BYTES = 31;
const SOCKET_NAME = /^[0-9a-f]{12}-([0-9a-z]{1,5})-[0-9a-z]{1,6}\.sock$/;

/**
 * Makes sure of the runtime folder: made with 0700 if it is missing, refused if it is a symlink, not ours, or open to
 * others, since whoever can write there can stand in for a group. Sockets that a killed sidecar has left are removed.
 * Returns its absolute path.
 */
export async function prepareRuntimeDir(folder: string): Promise<string> {
  const path = resolve(folder);
  if (Buffer.byteLength(path) + SOCKET_NAME_BYTES > SOCKET_PATH_BYTES) {
    throw runtimeDirError(
      path,
      `is longer than the ${SOCKET_PATH_BYTES - SOCKET_NAME_BYTES} bytes that leave room for a socket name`,
    );
  }
  try {
    await makeFolder(path);
  } catch (cause) {
    throw runtimeDirError(path, `cannot be made: ${problemOf(cause)}`, cause);
  }
  await checkRuntimeDir(path);
  await removeStaleSockets(path);
  return path;
}

/** Not by mkdir's `recursive`: Node 20 to 24 try without end where a folder that exists takes none, as `/proc` does. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    const hasParent = await stat(dirname(path)).then(
      () => true,
      () => false,
    );
    if (code !== 'ENOENT' || hasParent) throw error;
    await makeFolder(dirname(path));
    await makeFolder(path);
  }
}

/** The socket of a group's `sequence`th process under the sidecar `pid`: two sidecars may share a folder. */
export function socketPath(runtimeDir: string, id: string, { pid, sequence }: SocketNumbers): string {
  return join(runtimeDir, `${id}-${pid.toString(36)}-${sequence.toString(36)}.sock`);
}

/** What sets the sockets of a group apart. */
export type SocketNumbers = { readonly pid: number; readonly sequence: number };

async function removeStaleSockets(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = SOCKET_NAME.exec(name)?.[1];
    if (pid === undefined || isAnother(Number.parseInt(pid, 36))) continue;
    const path = join(folder, name);
    if (await isStale(path)) await rm(path, { force: true });
  }
}

/** A sidecar that runs, as the one before an upgrade: a process of its own that does not listen yet would look stale. */
function isAnother(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** Nobody listens; the process of another sidecar would. */
function isStale(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', (error) => resolve('code' in error && error.code === 'ECONNREFUSED'));
  });
}

async function checkRuntimeDir(path: string): Promise<void> {
  const found = await lstat(path);
  if (found.isSymbolicLink()) throw runtimeDirError(path, 'is a symbolic link');
  if (!found.isDirectory()) throw runtimeDirError(path, 'is not a folder');
  const owner = process.geteuid?.() ?? found.uid;
  if (found.uid !== owner) throw runtimeDirError(path, `belongs to user ${found.uid}, not to user ${owner}`);
  const mode = found.mode & 0o777;
  if (mode !== 0o700) throw runtimeDirError(path, `has mode 0${mode.toString(8)}, not 0700`);
}

function runtimeDirError(path: string, problem: string, cause?: unknown): SidecarError {
  const message = `Runtime folder "${path}" ${problem}: set "runtimeDir" to a folder that only this user may enter`;
  return new SidecarError('ERR_RUNTIME_DIR', message, cause === undefined ? {} : { cause });
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
}
