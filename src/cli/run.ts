/** `run`: the service. Reads its configuration anew on HUP, ends on TERM or INT after the requests in flight; a second signal ends it at once. */
import { Command } from 'commander';
import { meetPredecessor } from '../supervisor/predecessor.ts';
import type { CliContext } from './context.ts';
import type { ExitCode, Finish } from './exit-code.ts';
import { addSettingsFlags } from './settings-flags.ts';

export function runCommand(context: CliContext, finish: Finish): Command {
  const command = new Command('run').description(
    'serve the applications of a configuration until TERM or Ctrl-C',
  );
  command.option('--json', 'log JSON lines, as --log-format json');
  addSettingsFlags(command).action(async (flags: Record<string, unknown>) =>
    finish(await run(context, flags)),
  );
  return command;
}

/** As a successor it tells the sidecar before it how its start went. */
async function run(context: CliContext, flags: Record<string, unknown>): Promise<ExitCode> {
  const predecessor = await meetPredecessor(context.environment);
  try {
    // What serves is half of the program; commands that only read and ask do without.
    const { serve } = await import('./serve.ts');
    return await serve(context, flags, predecessor);
  } catch (error) {
    await predecessor?.tellFailed(error instanceof Error ? error.message : String(error));
    throw error;
  }
}
