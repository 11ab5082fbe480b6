/**
 * Ports on 127.0.0.1 that stay ours between the moment they are chosen and the moment a server binds them.
 * They lie below the ephemeral range, so that no outgoing connection takes one, and each is reserved by a
 * lock file, so that no other test process chooses the same.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FIRST = 20_000;
const LAST = 31_999;

const reserved = new Set<string>();

/** A free port, reserved until this test process ends. */
export async function reservePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1));
    if (lock(port) && (await isFree(port))) return port;
  }
}

function lock(port: number): boolean {
  const file = join(tmpdir(), `wsgi-sidecar-port-${port}`);
  if (isHeld(file)) return false;
  rmSync(file, { force: true });
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
  } catch {
    return false;
  }
  if (reserved.size === 0) process.once('exit', unlockAll);
  reserved.add(file);
  return true;
}

function isHeld(file: string): boolean {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    if (pid > 0) process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function unlockAll(): void {
  for (const file of reserved) rmSync(file, { force: true });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
