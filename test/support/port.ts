/**
 * Ports on 127.0.0.1 that stay ours between the moment they are chosen and the moment a server binds them.
 * They lie below the ephemeral range, so that no outgoing connection takes one, and each is reserved by a
 * lock file, so that no other test process chooses the same.
 */
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FIRST = 20_000;
const LAST = 31_999;
const LOCKS = join(tmpdir(), 'wsgi-sidecar-ports');

let isSwept = false;

/** A free port, reserved until this test process ends. */
export async function reservePort(): Promise<number> {
  if (!isSwept) sweep();
  isSwept = true;
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1));
    if (lock(port) && (await isFree(port))) return port;
  }
}

/** Test processes are ended by a signal and cannot tidy up: whoever comes next removes the locks of the dead. */
function sweep(): void {
  mkdirSync(LOCKS, { recursive: true });
  tolerate(() => chmodSync(LOCKS, 0o1777));
  for (const name of readdirSync(LOCKS)) {
    if (!isHeld(join(LOCKS, name))) tolerate(() => rmSync(join(LOCKS, name), { force: true }));
  }
}

function lock(port: number): boolean {
  return tolerate(() => writeFileSync(join(LOCKS, String(port)), String(process.pid), { flag: 'wx' }));
}

function isHeld(file: string): boolean {
  try {
    process.kill(Number(readFileSync(file, 'utf8')), 0);
    return true;
  } catch (error) {
    // A process of another user runs all the same.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether the action could be done; another user's lock is not ours to touch. */
function tolerate(action: () => void): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
