/** wsgi-sidecar as an operator runs it: the built command line with an Apache configuration. */
import { join } from 'node:path';
import { subjectName } from '../reaches.ts';
import { freePort } from '../stage.ts';
import { daemonSite, runAs } from './apache.ts';
import type { Peer, Setting, StartedPeer } from './peer.ts';

/** One process of 15 threads, from the very lines that mod_wsgi's daemon mode is given. */
export const sidecar: Peer = {
  name: subjectName,
  start: (setting) => startSidecar(setting, 'sidecar', daemonSite(setting.serves)),
};

const built = join(import.meta.dirname, '..', '..', '..');

/** What a sidecar is besides its site: further lines of `sidecar.yaml`, and another program of the build than the command line. */
export type SidecarExtras = { readonly settings?: readonly string[]; readonly program?: string };

/** Starts the sidecar on a site of the given lines. */
export async function startSidecar(
  { stage, cores }: Omit<Setting, 'serves'>,
  name: string,
  lines: readonly string[],
  { settings = [], program = 'src/main.js' }: SidecarExtras = {},
): Promise<StartedPeer> {
  const port = await freePort();
  const adminPort = await freePort();
  const configuration = stage.write(
    `${name}.conf`,
    `${[`Listen 127.0.0.1:${port}`, 'ServerName localhost', ...runAs, ...lines].join('\n')}\n`,
  );
  const ownSettings = [
    `admin: {listen: "127.0.0.1:${adminPort}"}`,
    `runtimeDir: ${JSON.stringify(stage.path(`${name}-run`))}`,
    'python: /usr/bin/python3',
    // As the other servers here: MaxKeepAliveRequests 0, KeepAliveTimeout 65.
    'limits: {requestsPerConnection: 0, keepAliveTimeout: 65s}',
    ...settings,
  ];
  const settingsFile = stage.write(`${name}.yaml`, `${ownSettings.join('\n')}\n`);
  const child = stage.start({
    name,
    cores,
    command: [
      process.execPath,
      join(built, program),
      'run',
      '--apache',
      configuration,
      '--config',
      settingsFile,
    ],
  });
  return { url: `http://127.0.0.1:${port}`, child, logPath: stage.logPath(name) };
}
