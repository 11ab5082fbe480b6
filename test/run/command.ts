/** Commands run for the person at the terminal: their output is shown, their end is awaited, a signal is passed on. */
import { type SpawnOptions, spawn } from 'node:child_process';
import { constants } from 'node:os';

/** Runs a command as root (by sudo where needed); throws when it fails. */
export async function runCommand(command: string, args: readonly string[]): Promise<void> {
  const words = process.getuid?.() === 0 ? [command, ...args] : ['sudo', '-n', command, ...args];
  const status = await runToEnd(words);
  if (status !== 0) throw new Error(`"${words.join(' ')}" ended with status ${status}`);
}

/** Runs a command to its end and resolves with its status, 128 + number for a signal; never rejects for a status. */
export async function runToEnd(words: readonly string[], options: SpawnOptions = {}): Promise<number> {
  const [command = '', ...args] = words;
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options });
  const passOn = (signal: NodeJS.Signals): void => void child.kill(signal);
  process.on('SIGINT', passOn).on('SIGTERM', passOn);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
    });
  } finally {
    process.off('SIGINT', passOn).off('SIGTERM', passOn);
  }
}
