/**
 * Keeps the services of packages from starting while they are installed: Debian's `invoke-rc.d` asks
 * `/usr/sbin/policy-rc.d` first, and 101 means "action forbidden" (/usr/share/doc/init-system-helpers/README.policy-rc.d).
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './command.ts';

const POLICY = '/usr/sbin/policy-rc.d';
const ASIDE = '/usr/sbin/policy-rc.d.before-wsgi-sidecar-tests';
const MARK = '# Made by the tests of wsgi-sidecar while they install packages; removed afterwards.';

/** Runs the action under our policy and puts back what was there: after failure and after Ctrl-C too. */
export async function withQuietServices(action: () => Promise<void>): Promise<void> {
  // The default action of a signal would leave the policy behind: the child gets the signal and ends the action first.
  let interrupted: NodeJS.Signals | undefined;
  const hold = (signal: NodeJS.Signals): void => {
    interrupted = signal;
  };
  process.on('SIGINT', hold).on('SIGTERM', hold);
  try {
    await restorePolicy();
    await placePolicy();
    await action();
  } finally {
    await restorePolicy();
    process.off('SIGINT', hold).off('SIGTERM', hold);
    if (interrupted !== undefined) process.exit(128 + constants.signals[interrupted]);
  }
}

async function placePolicy(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'policy-rc.d-'));
  const file = join(folder, 'policy-rc.d');
  writeFileSync(file, `#!/bin/sh\n${MARK}\nexit 101\n`);
  try {
    if (existsSync(POLICY)) await runCommand('mv', [POLICY, ASIDE]);
    await runCommand('install', ['-m', '0755', file, POLICY]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Also heals what a killed run has left behind. */
async function restorePolicy(): Promise<void> {
  if (existsSync(POLICY) && readFileSync(POLICY, 'utf8').includes(MARK)) await runCommand('rm', [POLICY]);
  if (existsSync(ASIDE)) await runCommand('mv', [ASIDE, POLICY]);
}
