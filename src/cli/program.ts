/** The command line: one file per command beside this one. Errors become a message and an exit code here, in one place. */
import { Command, CommanderError } from 'commander';
import { SidecarError } from '../errors.ts';
import { auditCommand } from './audit.ts';
import { checkCommand } from './check.ts';
import type { CliContext } from './context.ts';
import { convertCommand } from './convert.ts';
import { demoCommand } from './demo.ts';
import { EXIT, type ExitCode, exitCodeOf, type Finish } from './exit-code.ts';
import { explainCommand } from './explain.ts';
import { groupsCommand } from './groups.ts';
import { preflightCommand } from './preflight.ts';
import { reloadCommand } from './reload.ts';
import { restartCommand } from './restart.ts';
import { runCommand } from './run.ts';
import { upgradeCommand } from './upgrade.ts';
import { verifyCommand } from './verify.ts';

/** Runs one command line to its end; never throws. Without arguments it is the demo. */
export async function runCli(args: readonly string[], context: CliContext): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok;
  const finish: Finish = (code) => {
    exitCode = code;
  };
  const program = createProgram(context, finish);
  try {
    await program.parseAsync(args.length === 0 ? ['demo'] : [...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    return complainAbout(error, context, args.includes('--debug'));
  }
}

function createProgram(context: CliContext, finish: Finish): Command {
  const program = new Command('wsgi-sidecar');
  program
    .description(
      'Runs the WSGI applications of an Apache with mod_wsgi, each interpreter group in a process of its own',
    )
    .version(context.version)
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed or errors found, 2 usage, 3 configuration, 4 port or folder, 70 fault of the program, 130 ended by a second Ctrl-C',
    );
  for (const make of [
    runCommand,
    checkCommand,
    auditCommand,
    groupsCommand,
    restartCommand,
    reloadCommand,
    upgradeCommand,
    explainCommand,
    preflightCommand,
    convertCommand,
    demoCommand,
    verifyCommand,
  ])
    program.addCommand(make(context, finish));
  for (const command of [program, ...program.commands]) {
    command.option('--debug', 'show the stack of an error');
    command.exitOverride();
    command.configureOutput({ writeOut: context.print, writeErr: context.complain });
    command.showHelpAfterError(`See: wsgi-sidecar ${command === program ? '' : `${command.name()} `}--help`);
  }
  return program;
}

function complainAbout(error: unknown, context: CliContext, debug: boolean): ExitCode {
  // Commander has printed its own message, and help and version end as errors with code 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const { code, message } = describe(error);
  context.complain(message.replace(/^/gm, 'wsgi-sidecar: ').concat('\n'));
  if (debug && error instanceof Error) context.complain(`${error.stack}\n${causesOf(error)}`);
  return code;
}

function describe(error: unknown): { readonly code: ExitCode; readonly message: string } {
  if (error instanceof SidecarError) return { code: exitCodeOf(error.code), message: error.message };
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: EXIT.internal,
    message: `Internal error: ${message}: run it again with --debug and report the stack`,
  };
}

function causesOf(error: Error): string {
  const { cause } = error;
  return cause instanceof Error ? `caused by ${cause.stack}\n${causesOf(cause)}` : '';
}
