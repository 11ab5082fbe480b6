#!/usr/bin/env node
/** The program: gives the command line its world and ends the process with its exit code. Nothing else exits. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCli } from './cli/program.ts';
import { packageRoot } from './package-root.ts';

const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as {
  version: string;
};

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

const exitCode = await runCli(process.argv.slice(2), {
  environment: process.env,
  print: (text) => void process.stdout.write(text),
  complain: (text) => void process.stderr.write(text),
  version,
});
process.stdout.write('', () => process.exit(exitCode));
