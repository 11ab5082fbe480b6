/** The sidecar as an operator starts it: the built command line, a process of its own, settings in a file. */

import type { Site } from './apache.ts';
import { builtProgram } from './build.ts';
import { reservePort } from './port.ts';
import { type Answer, type RequestOptions, send, type Target } from './raw-http.ts';
import { type Finished, type RealProcess, runProcess, startProcess } from './real-process.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

export type SidecarOptions = {
  /** Apache's configuration file. */
  readonly apache: string;
  /** What `listen … as:` stands for, e.g. `*:80`. */
  readonly as: string;
  /** A settings file that names the configuration in place of `apache`; the other settings come behind it. */
  readonly converted?: string;
  /** More of `sidecar.yaml`. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Over the test's own environment; undefined takes a variable away. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
};

export type Sidecar = {
  readonly process: RealProcess;
  /** The port of 127.0.0.1 on which it stands for Apache. */
  readonly port: number;
  /** The Unix socket on which it does the same, for a front. */
  readonly socketPath: string;
  readonly admin: Target;
  /** The settings file. */
  readonly config: string;
  /** A request to a virtual host over TCP. */
  get(host: string, path: string, options?: RequestOptions): Promise<Answer>;
  /** An answer of the admin listener. */
  ask(path: string): Promise<Answer>;
  log(): string;
  stop(): Promise<void>;
};

/** Debian's own interpreter: the applications of its packages lie on its path. */
export const SYSTEM_PYTHON = '/usr/bin/python3';

/** Starts the sidecar and waits until it says that it is ready. */
export async function startSidecar(options: SidecarOptions): Promise<Sidecar> {
  const folder = makeTemporaryFolder();
  const [port, adminPort] = [await reservePort(), await reservePort()];
  const socketPath = `${folder.path}/front.sock`;
  const config = folder.write(
    'sidecar.yaml',
    settingsText(options, {
      listen: [
        { bind: `127.0.0.1:${port}`, as: options.as },
        { bind: `unix:${socketPath}`, as: options.as },
      ],
      admin: { listen: `127.0.0.1:${adminPort}` },
      runtimeDir: `${folder.path}/run`,
      python: SYSTEM_PYTHON,
      log: { format: 'json' },
      ...options.settings,
    }),
  );
  const words = [await builtProgram(), 'run', '--config', config];
  const running = startProcess(process.execPath, words, {
    // As `startApache` has it: applications choose encodings by it.
    environment: { ...process.env, LANG: 'C', ...options.environment },
  });
  const admin = { port: adminPort };
  await untilReady(running, admin);
  return {
    process: running,
    port,
    socketPath,
    admin,
    config,
    get: (host, path, more = {}) =>
      send({ port }, path, { ...more, headers: { Host: host, ...more.headers } }),
    ask: (path) => send(admin, path, { headers: { Host: `127.0.0.1:${adminPort}` } }),
    log: () => running.lines.join('\n'),
    stop: async () => {
      await running.stop();
      folder.remove();
    },
  };
}

/** Starts it in the place of the Apache for which the site was made. */
export function startSidecarFor(site: Site, settings: SidecarOptions['settings'] = {}): Promise<Sidecar> {
  return startSidecar({ apache: site.conf, as: `127.0.0.1:${site.port}`, settings });
}

/** JSON is YAML; behind a text of many lines each setting has one. */
function settingsText(
  { apache, converted }: SidecarOptions,
  settings: Readonly<Record<string, unknown>>,
): string {
  if (converted === undefined) return JSON.stringify({ apache, ...settings });
  const lines = Object.entries(settings).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`);
  return `${converted}\n${lines.join('')}`;
}

/** One command of the command line, run to its end. */
export async function runSidecar(...words: readonly string[]): Promise<Finished> {
  return runProcess(process.execPath, [await builtProgram(), ...words]);
}

async function untilReady(running: RealProcess, admin: Target): Promise<void> {
  const exit = running.exited.then(({ code }) => {
    throw new Error(`The sidecar ended with ${code} before it was ready:\n${running.lines.join('\n')}`);
  });
  await Promise.race([exit, readyz(admin)]);
  exit.catch(() => {});
}

async function readyz(admin: Target): Promise<void> {
  for (;;) {
    const headers = { Host: '127.0.0.1' };
    const answer = await send(admin, '/readyz', { headers }).catch(() => undefined);
    if (answer?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
