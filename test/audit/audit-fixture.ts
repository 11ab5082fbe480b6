/** Runs `audit` in this process on a configuration of `test/fixtures/audit`, and gives what it printed as JSON. */
import { join } from 'node:path';
import { packageRoot } from '../../src/package-root.ts';
import { type Told, tellCli } from '../support/cli.ts';

export type AuditFinding = {
  readonly id: string;
  readonly severity: string;
  readonly file?: string;
  readonly line?: number;
  readonly message: string;
  readonly why: string;
  readonly advice: string;
  readonly related: readonly { readonly file: string; readonly line: number; readonly message: string }[];
  readonly fingerprint: string;
};

export type AuditAnswer = {
  readonly processes: readonly {
    readonly processGroup: string;
    readonly mode: string;
    readonly interpreters: readonly {
      readonly applicationGroup: string;
      readonly perRequest: boolean;
      readonly mounts: readonly string[];
      readonly scripts: readonly string[];
    }[];
  }[];
  readonly findings: readonly AuditFinding[];
};

export const FIXTURES: string = join(packageRoot(), 'test', 'fixtures', 'audit');

/** The interpreter of these tests is the system's own, which every user may run. */
const ENVIRONMENT = { PATH: '/usr/bin:/bin', ROOT: FIXTURES, APACHE_LOG_DIR: '/tmp' };

export async function tellAudit(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Told> {
  return await tellCli(['audit', ...words], { ...ENVIRONMENT, ...environment });
}

export async function auditOf(conf: string, ...words: string[]): Promise<AuditAnswer> {
  const { out, err } = await tellAudit([conf, '--json', ...words]);
  if (out === '') throw new Error(`The audit of "${conf}" said nothing: ${err}`);
  return JSON.parse(out) as AuditAnswer;
}
