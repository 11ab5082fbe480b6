#!/usr/bin/env node
/** The program: gives the command line its world and ends the process with its exit code. Nothing else exits. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from './cli/exit-code.ts';
import { runCli } from './cli/program.ts';
import { problemOf } from './errors.ts';
import { packageRoot } from './package-root.ts';

const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as {
  version: string;
};

// A reader that has seen enough (`| head`) is no error; a full disk is one.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  process.stderr.write(`wsgi-sidecar: Cannot write to standard output: ${problemOf(error)}\n`);
  process.exit(EXIT.failed);
});

const exitCode = await runCli(process.argv.slice(2), {
  environment: process.env,
  print: (text) => void process.stdout.write(text),
  complain: (text) => void process.stderr.write(text),
  version,
});
process.exitCode = EXIT.failed;
process.stdout.write('', (error) => {
  if (error === null || error === undefined) process.exit(exitCode);
});
