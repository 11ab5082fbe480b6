/** Scripts and application modules that are missing or do not parse under their own Python. */
import { fromBytes } from '../../apache/bytes.ts';
import type { SourceError } from '../analysis.ts';
import { analysisOf, type Census, type Process, scriptsOf } from '../census.ts';
import type { Finding, Rule } from '../finding.ts';

export const scriptBroken: Rule = {
  id: 'script-broken',
  title: 'Scripts and modules that are missing or cannot be parsed by their own Python',
  find: (census) => {
    const seen = new Set<string>();
    return errorsOf(census).flatMap(({ error, script, position }) => {
      const key = `${error.file}:${error.line}`;
      if (seen.has(key) || error.kind === 'unreadable') return [];
      seen.add(key);
      return [describe(error, script, position)];
    });
  },
};

type Broken = {
  readonly error: SourceError;
  readonly script: string;
  readonly position: Finding['position'];
};

function errorsOf(census: Census): readonly Broken[] {
  return census.processes.flatMap((process) =>
    scriptsOf(process).flatMap((script) => {
      const errors = analysisOf(census, process, script)?.errors ?? [];
      return errors.map((error) => ({ error, script, position: mountOf(process, script) }));
    }),
  );
}

function mountOf({ interpreters }: Process, script: string): Finding['position'] {
  const placements = interpreters.flatMap((interpreter) => interpreter.placements);
  return placements.find(({ scripts }) => scripts.includes(script))?.mount.position;
}

function describe(
  { kind, file, line, message }: SourceError,
  script: string,
  mount: Finding['position'],
): Finding {
  const isMissing = kind === 'missing';
  const position = isMissing ? mount : { file, line: Math.max(line, 1) };
  const whose = file === script ? 'Script' : `Module of "${script}":`;
  return {
    id: 'script-broken',
    severity: isMissing ? 'warning' : 'error',
    ...(position === undefined ? {} : { position }),
    related: [],
    message: isMissing
      ? `${whose} "${file}" does not exist`
      : `${whose} "${file}" cannot be parsed: ${fromBytes(message) === message ? message : 'invalid text'}`,
    why: isMissing
      ? 'Its requests are answered with 404'
      : 'The import fails: requests are answered with 500, and nothing is known of what it imports',
    advice: isMissing
      ? 'Put the script there or correct the path'
      : 'Correct it, or run it by the Python that it was written for (python-home)',
    subject: file,
  };
}
