/** The real Apache of this machine as the judge: what it makes of a configuration, by its own words. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const program = '/usr/sbin/apache2';
const infoModule = '/usr/lib/apache2/modules/mod_info.so';

/** Why the comparison can't be made here; undefined when it can. A machine that checks changes must have Apache. */
export function missingApache(): string | undefined {
  if (existsSync(program) && existsSync(infoModule)) return undefined;
  if (process.env.CI !== undefined) throw new Error(`${program} with mod_info is needed when CI is set`);
  return `no ${program} with mod_info on this machine`;
}

/** Beside the file: Apache's environment, and directives that it reads first (`-C`). */
export type ApacheCircumstances = {
  readonly environment?: NodeJS.ProcessEnv;
  readonly before?: readonly string[];
};

/** What `apache2 -t` said. */
export type ApacheAnswer = {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

/** Runs `apache2 -t` on a file, with mod_info loaded before it and the given `-D` names. */
export function askApache(
  file: string,
  defines: readonly string[],
  { environment = process.env, before = [] }: ApacheCircumstances = {},
): ApacheAnswer {
  const first = [`LoadModule info_module ${infoModule}`, ...before].flatMap((line) => ['-C', line]);
  const names = defines.flatMap((name) => ['-D', name]);
  const { status, stdout, stderr, error } = spawnSync(program, [...first, '-t', ...names, '-f', file], {
    encoding: 'latin1',
    env: environment,
    maxBuffer: 1 << 28,
  });
  if (error !== undefined) throw error;
  return { status, stdout, stderr };
}

/**
 * The directives of a `DUMP_CONFIG`, in order: `file:line`, depth, name and text. A section without content has no
 * end in the dump and looks like a directive, so only openings and the depth are kept.
 */
export function flattenDump(dump: string): string[] {
  const flat: string[] = [];
  let file = '';
  let place = '';
  for (const line of dump.split('\n')) {
    const named = /^# In file: (.*)$/.exec(line);
    const numbered = /^((?: {2})*)# *(\d+):$/.exec(line);
    if (named !== null) file = named[1] ?? '';
    else if (numbered !== null) place = `${file}:${numbered[2]} ${(numbered[1] ?? '').length / 2}`;
    else if (place !== '') {
      if (file !== '-c/-C directives') flat.push(`${place} ${line.trimStart()}`);
      place = '';
    }
  }
  return flat;
}

/** The lines of a `DUMP_INCLUDES`: depth, the Include's line or `*`, path. */
export function flattenIncludes(dump: string): string[] {
  return [...dump.matchAll(/^((?: {2})+)\((\*|\d+)\) (.*)$/gm)].map(
    ([, indent = '', line, path]) => `${indent.length / 2 - 1} ${line} ${path}`,
  );
}

/** The innermost place that Apache complains about, `file:line`; undefined when it accepted the file. */
export function complaintPlace({ status, stderr }: ApacheAnswer): string | undefined {
  if (status === 0) return undefined;
  const [, line, file] = [...stderr.matchAll(/Syntax error on line (\d+) of (.+?):(?=\s)/g)].at(-1) ?? [];
  return `${file}:${line}`;
}
