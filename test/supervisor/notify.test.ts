import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { notifyServiceManager } from '../../src/supervisor/notify.ts';

const RECEIVER = `
import socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print("bound", flush=True)
print(receiver.recv(4096).decode().replace("\\n", " "), flush=True)
receiver.recv(4096)
`;

describe('notifyServiceManager()', () => {
  it('does nothing outside systemd', async () => {
    await expect(notifyServiceManager('READY=1', {})).resolves.toBeUndefined();
  });

  it('sends the state to the socket that systemd names', async () => {
    expect(await received('READY=1')).toContain('READY=1');
  });

  it('says by the monotonic clock which reload it means', async () => {
    const before = process.hrtime.bigint() / 1000n;
    const [, stamp = '0'] = /RELOADING=1 MONOTONIC_USEC=(\d+)/.exec(await received('RELOADING=1')) ?? [];
    expect(BigInt(stamp)).toBeGreaterThanOrEqual(before);
    expect(BigInt(stamp)).toBeLessThanOrEqual(process.hrtime.bigint() / 1000n);
  });

  it('rejects when the socket is gone, so that the log can say so', async () => {
    const environment = { NOTIFY_SOCKET: '/nowhere/socket', PATH: process.env.PATH };
    await expect(notifyServiceManager('READY=1', environment)).rejects.toThrow();
  });
});

/** What comes to a socket in systemd's place. */
async function received(state: Parameters<typeof notifyServiceManager>[0]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'notify-'));
  const path = join(folder, 'socket');
  const receiver = spawn('python3', ['-c', RECEIVER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: receiver.stdout });
  try {
    await once(lines, 'line');
    const line = once(lines, 'line');
    await notifyServiceManager(state, { NOTIFY_SOCKET: path, PATH: process.env.PATH });
    return String((await line)[0]);
  } finally {
    receiver.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
}
