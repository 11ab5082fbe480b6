import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { terminate } from '../../src/groups/terminate.ts';

/** Ends by itself a while after TERM. */
const LEISURELY =
  "process.on('SIGTERM', () => setTimeout(() => process.exit(7), 100)); console.log('up'); setInterval(() => {}, 1000)";

describe('terminate()', () => {
  it.each([[10_000], [90 * 86_400_000]])('leaves a process its grace of %d ms', async (graceMs) => {
    const child = spawn(process.execPath, ['-e', LEISURELY], { detached: true });
    const exited = once(child, 'exit');
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    await terminate({ processGroup: child.pid ?? 0, graceMs, exited });
    expect(await exited).toEqual([7, null]);
  });
});
