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
    const folder = mkdtempSync(join(tmpdir(), 'notify-'));
    const path = join(folder, 'socket');
    const receiver = spawn('python3', ['-c', RECEIVER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface({ input: receiver.stdout });
    try {
      await once(lines, 'line');
      const received = once(lines, 'line');
      await notifyServiceManager('READY=1', { NOTIFY_SOCKET: path, PATH: process.env.PATH });
      expect(String((await received)[0])).toContain('READY=1');
    } finally {
      receiver.kill('SIGKILL');
      rmSync(folder, { recursive: true });
    }
  });

  it('says by the monotonic clock which reload it means', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'notify-'));
    const path = join(folder, 'socket');
    const receiver = spawn('python3', ['-c', RECEIVER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface({ input: receiver.stdout });
    try {
      await once(lines, 'line');
      const received = once(lines, 'line');
      const before = process.hrtime.bigint() / 1000n;
      await notifyServiceManager('RELOADING=1', { NOTIFY_SOCKET: path, PATH: process.env.PATH });
      const [, stamp = '0'] = /RELOADING=1 MONOTONIC_USEC=(\d+)/.exec(String((await received)[0])) ?? [];
      expect(BigInt(stamp)).toBeGreaterThanOrEqual(before);
      expect(BigInt(stamp)).toBeLessThanOrEqual(process.hrtime.bigint() / 1000n);
    } finally {
      receiver.kill('SIGKILL');
      rmSync(folder, { recursive: true });
    }
  });

  it('rejects when the socket is gone, so that the log can say so', async () => {
    const environment = { NOTIFY_SOCKET: '/nowhere/socket', PATH: process.env.PATH };
    await expect(notifyServiceManager('READY=1', environment)).rejects.toThrow();
  });
});
