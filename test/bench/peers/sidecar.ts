/** wsgi-sidecar as an operator runs it: the built command line with an Apache configuration. */
import { join } from 'node:path';
import { subjectName } from '../reaches.ts';
import { freePort } from '../stage.ts';
import { daemonSite } from './apache.ts';
import type { Peer, Setting, StartedPeer } from './peer.ts';

/** One process of 15 threads, from the very lines that mod_wsgi's daemon mode is given. */
export const sidecar: Peer = {
  name: subjectName,
  start: (setting) => startSidecar(setting, 'sidecar', daemonSite(setting.serves)),
};

/** Starts the sidecar on a site of the given lines. */
export async function startSidecar(
  { stage, cores }: Omit<Setting, 'serves'>,
  name: string,
  lines: readonly string[],
): Promise<StartedPeer> {
  const port = await freePort();
  const adminPort = await freePort();
  const configuration = stage.write(
    `${name}.conf`,
    `${[`Listen 127.0.0.1:${port}`, 'ServerName localhost', ...lines].join('\n')}\n`,
  );
  const settings = stage.write(
    `${name}.yaml`,
    [
      `admin: {bind: "127.0.0.1:${adminPort}"}`,
      `runtimeDir: ${JSON.stringify(stage.path(`${name}-run`))}`,
      '',
    ].join('\n'),
  );
  const program = join(import.meta.dirname, '..', '..', '..', 'src', 'main.js');
  const child = stage.start({
    name,
    cores,
    command: [process.execPath, program, 'run', '--apache', configuration, '--config', settings],
  });
  return { url: `http://127.0.0.1:${port}`, child, logPath: stage.logPath(name) };
}
