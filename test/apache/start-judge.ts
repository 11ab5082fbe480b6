/** The real Apache as the judge of lines: whether it would start with them (`apache2 -t`), mod_wsgi and its usual company loaded. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import type { TemporaryFolder } from '../support/temporary-folder.ts';
import { missingApache } from './real-apache.ts';

const MODULES =
  'mpm_event authz_core authz_host authn_core access_compat allowmethods alias dir env mime rewrite setenvif proxy socache_shmcb ssl userdir vhost_alias wsgi'.split(
    ' ',
  );

/** Whether there is nobody to ask on this machine. */
export function isJudgeMissing(): boolean {
  return missingApache() !== undefined || !existsSync('/usr/lib/apache2/modules/mod_wsgi.so');
}

/** Those of the texts that Apache starts with, each asked for alone, a few at a time; and those that stand where they may not. */
export async function startedWith(folder: TemporaryFolder, texts: readonly string[]): Promise<string[]> {
  const waiting = [...texts.entries()];
  const started: string[] = [];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, text] = next;
      if (await startsApache(folder, text, index)) started.push(text);
    }
  };
  await Promise.all([work(), work(), work()]);
  return started;
}

/** Those that it does not start with: asked for at once, and one by one where one refuses or two do not go together. */
export async function refusedOf(folder: TemporaryFolder, texts: readonly string[]): Promise<string[]> {
  if (await startsApache(folder, texts.join('\n'), 0)) return [];
  const started = await startedWith(folder, texts);
  return texts.filter((text) => !started.includes(text));
}

/** Whether Apache does not start with each of the texts because of where something stands in it; asked for alone, a few at a time. */
export async function misplacedIn(folder: TemporaryFolder, texts: readonly string[]): Promise<boolean[]> {
  const found: boolean[] = [];
  const waiting = [...texts.entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, text] = next;
      found[index] = MISPLACED.test((await complaintOf(folder, text, index)) ?? '');
    }
  };
  await Promise.all([work(), work(), work()]);
  return found;
}

const MISPLACED = /not allowed (?:here|in)|cannot occur within/;

async function startsApache(folder: TemporaryFolder, lines: string, index: number): Promise<boolean> {
  const complaint = await complaintOf(folder, lines, index);
  // Refused for where it stands, its words have not been asked for.
  return complaint === undefined || /not allowed (?:here|in)|Invalid command/.test(complaint);
}

/** What Apache says where it does not start. */
async function complaintOf(
  folder: TemporaryFolder,
  lines: string,
  index: number,
): Promise<string | undefined> {
  const listen = /^Listen/m.test(lines) ? '' : 'Listen 127.0.0.1:80\n';
  const file = folder.write(
    `apache-${index}.conf`,
    `ServerName a.test\nServerRoot ${folder.path}\nErrorLog ${folder.path}/error.log\nTypesConfig /dev/null\n${listen}` +
      `${MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so\n`).join('')}` +
      `User www-data\nGroup www-data\n${lines}\n`,
  );
  const asked = promisify(execFile)('/usr/sbin/apache2', ['-t', '-f', file]);
  return asked.then(
    () => undefined,
    ({ stderr }) => stderr as string,
  );
}
